// A user's program on Vercel's AI SDK: text, streams, objects, tools, embeddings, an error.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  embedMany,
  generateObject,
  generateText,
  Output,
  stepCountIs,
  streamObject,
  streamText,
  tool,
} from "ai";
import { z } from "zod";

const [baseURL, modelId] = process.argv.slice(2);
const provider = createOpenAICompatible({
  name: "house",
  baseURL,
  apiKey: "unused",
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const model = provider(modelId);
const prompt = "hello";
const schema = z.object({ city: z.string(), welders: z.number() });
const maxRetries = 0;

const text = await generateText({ model, prompt, maxRetries });

const streaming = streamText({ model, prompt, maxRetries });
const pieces = [];
for await (const piece of streaming.textStream) pieces.push(piece);

const object = await generateObject({ model, prompt, schema, maxRetries });
const structured = await generateText({
  model,
  prompt,
  output: Output.object({ schema }),
  maxRetries,
});
const partial = streamObject({ model, prompt, schema, maxRetries });
let partials = 0;
for await (const _ of partial.partialObjectStream) partials++;

const looked = [];
const lookup = tool({
  description: "looks a city up",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => {
    looked.push(city);
    return `${city} has 3 welders`;
  },
});
const agent = await generateText({
  model,
  prompt,
  tools: { lookup },
  stopWhen: stepCountIs(3),
  maxRetries,
});

const vectors = await embedMany({
  model: provider.embeddingModel("builtin/all-minilm-l6-v2"),
  values: ["a welder in Chicago", "a nurse"],
});

const refused = await generateText({ model: provider("kimi/k3"), prompt, maxRetries }).then(
  () => "it was not refused",
  (error) => ({ name: error.name, status: error.statusCode, message: error.message }),
);

console.log(
  JSON.stringify({
    text: text.text,
    finish: text.finishReason,
    usage: text.usage.totalTokens,
    pieces,
    streamed_usage: (await streaming.usage).totalTokens,
    object: object.object,
    structured: structured.output,
    partial: await partial.object,
    partials,
    looked,
    tool_answer: agent.text,
    steps: agent.steps.length,
    vectors: vectors.embeddings.map((one) => one.length),
    refused,
  }),
);
