// A server with the tools, resources and prompts that the MCP conformance suite asks for.
import {
  McpServer,
  ResourceTemplate,
  type CallToolResult,
  type McpServerFactory,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { addAskingTools, addInputRequired, stateCodec } from "./mcp-fixture-asking.ts";

/** One red pixel; and a quarter of a millisecond of silence. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA==";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const say = (text: string): CallToolResult => ({ content: [{ type: "text", text }] });

/** Names and texts are those that the suite's scenarios describe. */
export function conformanceServers(): McpServerFactory {
  const codec = stateCodec();
  return () => {
    const server = new McpServer(
      { name: "conformance-fixture", version: "1.0.0" },
      {
        capabilities: {
          tools: { listChanged: false },
          resources: { subscribe: true, listChanged: false },
          prompts: { listChanged: false },
          logging: {},
          completions: {},
        },
        requestState: { verify: codec.verify },
      },
    );
    addTools(server);
    addAskingTools(server);
    addInputRequired(server, codec);
    addResources(server);
    addPrompts(server);
    server.server.setRequestHandler("completion/complete", () => ({
      completion: { values: ["paris", "park"], total: 2, hasMore: false },
    }));
    return server;
  };
}

function addTools(server: McpServer): void {
  const add = (name: string, run: () => CallToolResult) =>
    server.registerTool(name, { description: `For the conformance suite: ${name}.` }, run);
  const image = { type: "image" as const, data: PNG, mimeType: "image/png" };
  const resource = (uri: string, mimeType: string, text: string) => ({
    type: "resource" as const,
    resource: { uri, mimeType, text },
  });
  add("test_simple_text", () => say("This is a simple text response for testing."));
  add("test_image_content", () => ({ content: [image] }));
  add("test_audio_content", () => ({
    content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }],
  }));
  add("test_embedded_resource", () => ({
    content: [
      resource("test://embedded-resource", "text/plain", "This is an embedded resource content."),
    ],
  }));
  add("test_multiple_content_types", () => ({
    content: [
      { type: "text", text: "Multiple content types test:" },
      image,
      resource("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
    ],
  }));
  add("test_error_handling", () => {
    throw new Error("This tool intentionally returns an error for testing");
  });
  addTellingTools(server);
}

/** Tools that say something before they are done. */
function addTellingTools(server: McpServer): void {
  for (const name of ["test_tool_with_logging", "test_logging_tool"]) {
    server.registerTool(name, { description: "Logs while it runs." }, async (context) => {
      await context.mcpReq.log("info", "Tool execution started");
      await pause(50);
      await context.mcpReq.log("info", "Tool processing data");
      await pause(50);
      await context.mcpReq.log("info", "Tool execution completed");
      return say("Tool with logging executed successfully");
    });
  }
  const about = { description: "Tells how far it is." };
  server.registerTool("test_tool_with_progress", about, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) {
        const params = { progressToken, progress, total: 100 };
        await mcpReq.notify({ method: "notifications/progress", params });
      }
      await pause(50);
    }
    return say(String(progressToken));
  });
}

function addResources(server: McpServer): void {
  const text = "This is the content of the static text resource.";
  const plain = { description: "Static text.", mimeType: "text/plain" };
  server.registerResource("static-text", "test://static-text", plain, ({ href }) => ({
    contents: [{ uri: href, mimeType: "text/plain", text }],
  }));
  const binary = { description: "Static bytes.", mimeType: "image/png" };
  server.registerResource("static-binary", "test://static-binary", binary, ({ href }) => ({
    contents: [{ uri: href, mimeType: "image/png", blob: PNG }],
  }));
  const watched = { description: "One to subscribe to.", mimeType: "text/plain" };
  server.registerResource("watched", "test://watched-resource", watched, ({ href }) => ({
    contents: [{ uri: href, mimeType: "text/plain", text: "watched" }],
  }));
  const form = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  const about = { description: "By a template.", mimeType: "application/json" };
  server.registerResource("template", form, about, ({ href }, { id }) => {
    const answer = { id, templateTest: true, data: `Data for ID: ${String(id)}` };
    return {
      contents: [{ uri: href, mimeType: "application/json", text: JSON.stringify(answer) }],
    };
  });
  server.server.setRequestHandler("resources/subscribe", () => ({}));
  server.server.setRequestHandler("resources/unsubscribe", () => ({}));
}

function addPrompts(server: McpServer): void {
  const user = (text: string) => ({
    role: "user" as const,
    content: { type: "text" as const, text },
  });
  server.registerPrompt("test_simple_prompt", { description: "Simple." }, () => ({
    messages: [user("This is a simple prompt for testing.")],
  }));
  server.registerPrompt(
    "test_prompt_with_arguments",
    {
      description: "With arguments.",
      argsSchema: z.object({ arg1: z.string(), arg2: z.string() }),
    },
    ({ arg1, arg2 }) => ({
      messages: [user(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
    }),
  );
  server.registerPrompt(
    "test_prompt_with_embedded_resource",
    { description: "With a resource.", argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri: uri }) => {
      const text = "Embedded resource content for testing.";
      const resource = { uri, mimeType: "text/plain", text };
      return {
        messages: [
          { role: "user", content: { type: "resource", resource } },
          user("Please process the embedded resource above."),
        ],
      };
    },
  );
  server.registerPrompt("test_prompt_with_image", { description: "With an image." }, () => ({
    messages: [
      { role: "user", content: { type: "image", data: PNG, mimeType: "image/png" } },
      user("Please analyze the image above."),
    ],
  }));
}
