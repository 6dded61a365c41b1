// A user's program on OpenRouter's SDK with another server URL: chat, a stream, a tool call.
import { OpenRouter } from "@openrouter/sdk";

const [serverURL, model] = process.argv.slice(2);
const client = new OpenRouter({ apiKey: "unused", serverURL, retryConfig: { strategy: "none" } });
const messages = [{ role: "user", content: "hello" }];
const ask = (rest) => client.chat.send({ chatRequest: { model, messages, ...rest } });

const whole = await ask({});
const pieces = [];
for await (const chunk of await ask({ stream: true })) {
  const content = chunk.choices[0]?.delta.content;
  if (content) pieces.push(content);
}
const lookup = { name: "lookup", parameters: { type: "object", properties: {} } };
const tools = await ask({ tools: [{ type: "function", function: lookup }] });

console.log(
  JSON.stringify({
    text: whole.choices[0].message.content,
    finish: whole.choices[0].finishReason,
    pieces,
    usage: whole.usage.totalTokens,
    tool_calls: tools.choices[0].message.toolCalls.map((one) => one.function),
  }),
);
