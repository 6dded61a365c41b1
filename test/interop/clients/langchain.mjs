// A user's program on LangChain: ChatOpenAI and OpenAIEmbeddings with another base URL.
import { HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { z } from "zod";

const [baseURL, model] = process.argv.slice(2);
const configuration = { baseURL };
const chat = new ChatOpenAI({ model, apiKey: "unused", maxRetries: 0, configuration });
const messages = [new HumanMessage("hello")];

const whole = await chat.invoke(messages);

const pieces = [];
let streamed_usage = 0;
for await (const chunk of await chat.stream(messages)) {
  if (chunk.content !== "") pieces.push(chunk.content);
  streamed_usage = chunk.usage_metadata?.total_tokens ?? streamed_usage;
}

const lookup = tool(async ({ city }) => `${city} has 3 welders`, {
  name: "lookup",
  description: "looks a city up",
  schema: z.object({ city: z.string() }),
});
const with_tools = chat.bindTools([lookup]);
const asked = await with_tools.invoke(messages);
const said = await lookup.invoke(asked.tool_calls[0]);
const after_tool = await with_tools.invoke([...messages, asked, said]);

const schema = z.object({ city: z.string(), welders: z.number() });
const by_schema = await chat.withStructuredOutput(schema, { method: "jsonSchema" }).invoke("hello");
const by_mode = await chat.withStructuredOutput(schema, { method: "jsonMode" }).invoke("hello");
const only_city = z.object({ city: z.string() });
const by_tool = await chat
  .withStructuredOutput(only_city, { method: "functionCalling", name: "lookup" })
  .invoke("hello");

const embeddings = new OpenAIEmbeddings({
  model: "builtin/all-minilm-l6-v2",
  apiKey: "unused",
  configuration,
});
const documents = await embeddings.embedDocuments(["a welder in Chicago", "a nurse"]);
const query = await embeddings.embedQuery("a nurse");

const nobody = new ChatOpenAI({ model: "kimi/k3", apiKey: "unused", maxRetries: 0, configuration });
const refused = await nobody.invoke(messages).then(
  () => "it was not refused",
  (error) => ({ status: error.status, code: error.code, message: error.message }),
);

console.log(
  JSON.stringify({
    text: whole.content,
    finish: whole.response_metadata.finish_reason,
    usage: whole.usage_metadata.total_tokens,
    pieces,
    streamed_usage,
    tool_calls: asked.tool_calls.map(({ name, args }) => ({ name, args })),
    tool_said: said.content,
    after_tool: after_tool.content,
    by_schema,
    by_mode,
    by_tool,
    vectors: [...documents, query].map((one) => one.length),
    same: Math.max(...query.map((value, at) => Math.abs(value - documents[1][at]))),
    refused,
  }),
);
