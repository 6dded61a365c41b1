// A user's program on OpenAI's Agents SDK: an agent with one tool, whole and streamed.
import { Agent, OpenAIChatCompletionsModel, run, setTracingDisabled, tool } from "@openai/agents";
import OpenAI from "openai";
import { z } from "zod";

const [baseURL, model] = process.argv.slice(2);
setTracingDisabled(true);
const client = new OpenAI({ baseURL, apiKey: "unused", maxRetries: 0 });

const looked = [];
const lookup = tool({
  name: "lookup",
  description: "looks a city up",
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => {
    looked.push(city);
    return `${city} has 3 welders`;
  },
});
const agent = new Agent({
  name: "Planner",
  instructions: "Look cities up.",
  model: new OpenAIChatCompletionsModel(client, model),
  tools: [lookup],
});

const whole = await run(agent, "How many welders?");

const streaming = await run(agent, "How many welders?", { stream: true });
let streamed = "";
for await (const piece of streaming.toTextStream()) streamed += piece;
await streaming.completed;

const typed = new Agent({
  name: "Typed",
  instructions: "Answer in JSON.",
  model: new OpenAIChatCompletionsModel(client, model),
  outputType: z.object({ city: z.string(), welders: z.number() }),
});
const object = await run(typed, "Where?");

console.log(
  JSON.stringify({
    text: whole.finalOutput,
    usage: whole.state.usage.totalTokens,
    streamed,
    looked,
    object: object.finalOutput,
  }),
);
