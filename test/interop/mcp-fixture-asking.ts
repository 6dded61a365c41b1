// The part of the conformance fixture that asks its client: elicitation, sampling, roots.
import { randomBytes } from "node:crypto";
import {
  acceptedContent,
  createRequestStateCodec,
  inputRequired,
  type CallToolResult,
  type InputRequests,
  type McpServer,
  type RequestStateCodec,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";

type State = { readonly round: number };

const say = (text: string): CallToolResult => ({ content: [{ type: "text", text }] });

export function stateCodec(): RequestStateCodec<State> {
  return createRequestStateCodec<State>({ key: randomBytes(32) });
}

const text = { type: "string" as const };
const capital = sample("What is the capital of France?", 100);

function sample(question: string, maxTokens: number) {
  const content = { type: "text" as const, text: question };
  return inputRequired.createMessage({ messages: [{ role: "user", content }], maxTokens });
}

/** A form with one text field. */
function ask(message: string, field: string, type: "string" | "boolean" = "string") {
  const value = type === "string" ? text : { type };
  return inputRequired.elicit({
    message,
    requestedSchema: { type: "object", properties: { [field]: value }, required: [field] },
  });
}

/** In revisions before 2026-07-28 a server sends its questions while the call runs. */
export function addAskingTools(server: McpServer): void {
  server.registerTool(
    "test_sampling",
    { description: "Asks a model.", inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, { mcpReq }) => {
      const messages = [
        { role: "user" as const, content: { type: "text" as const, text: prompt } },
      ];
      const { content } = await mcpReq.requestSampling({ messages, maxTokens: 100 });
      const first = [content].flat()[0];
      return say(`LLM response: ${first?.type === "text" ? first.text : ""}`);
    },
  );
  const fields = { username: text, email: text };
  server.registerTool(
    "test_elicitation",
    { description: "Asks the user.", inputSchema: z.object({ message: z.string() }) },
    async ({ message }, context) => {
      const asked = { properties: fields, required: ["username", "email"] };
      return say(`User response: ${await elicit(context, message, asked)}`);
    },
  );
  const forms: Record<string, Form> = {
    test_elicitation_sep1034_defaults: DEFAULTS,
    test_elicitation_sep1330_enums: ENUMS,
  };
  for (const [name, form] of Object.entries(forms)) {
    server.registerTool(name, { description: "Asks with a form." }, async (context) =>
      say(`Elicitation completed: ${await elicit(context, "Please fill in", form)}`),
    );
  }
}

interface Form {
  readonly properties: Record<string, object>;
  readonly required?: string[];
}

async function elicit({ mcpReq }: ServerContext, message: string, form: Form): Promise<string> {
  const requestedSchema = { type: "object" as const, ...form };
  const params = { mode: "form", message, requestedSchema } as never;
  const { action, content } = await mcpReq.elicitInput(params);
  return `action=${action}, content=${JSON.stringify(content ?? {})}`;
}

const DEFAULTS: Form = {
  properties: {
    name: { type: "string", default: "John Doe" },
    age: { type: "integer", default: 30 },
    score: { type: "number", default: 95.5 },
    status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
    verified: { type: "boolean", default: true },
  },
};

const options = ["option1", "option2", "option3"];
const titled = (titles: readonly string[]) =>
  titles.map((title, index) => ({ const: `value${index + 1}`, title }));

const ENUMS: Form = {
  properties: {
    untitledSingle: { type: "string", enum: options },
    titledSingle: { type: "string", oneOf: titled(["First Option", "Second Option", "Third"]) },
    legacyEnum: {
      type: "string",
      enum: ["opt1", "opt2", "opt3"],
      enumNames: ["Option One", "Option Two", "Option Three"],
    },
    untitledMulti: { type: "array", items: { type: "string", enum: options } },
    titledMulti: { type: "array", items: { anyOf: titled(["First Choice", "Second", "Third"]) } },
  },
};

/** Revision 2026-07-28: a call answers what it needs, and is made again with it. */
export function addInputRequired(server: McpServer, codec: RequestStateCodec<State>): void {
  addOneRound(server);
  addWithState(server, codec);
  const needs = { description: "Needs sampling, whatever the client has declared." };
  server.registerTool("test_missing_capability", needs, ({ mcpReq }) =>
    "question" in (mcpReq.inputResponses ?? {})
      ? say("sampling is there")
      : inputRequired({ inputRequests: { question: capital } }),
  );
  const about = { description: "Asks for what the client can answer." };
  server.registerTool("test_input_required_result_capabilities", about, (context) => {
    const has = declared(context);
    const inputRequests: InputRequests = {
      ...(has["sampling"] === undefined ? {} : { question: capital }),
      ...(has["elicitation"] === undefined ? {} : { name: ask("What is your name?", "name") }),
    };
    return inputRequired({ inputRequests });
  });
  const prompt = { description: "Asks before it answers." };
  server.registerPrompt("test_input_required_result_prompt", prompt, ({ mcpReq }) => {
    const given = acceptedContent(mcpReq.inputResponses, "user_context");
    if (given === undefined) {
      const user_context = ask("What context should the prompt use?", "context");
      return inputRequired({ inputRequests: { user_context } });
    }
    const said = { type: "text" as const, text: `Context: ${String(given["context"])}` };
    return { messages: [{ role: "user", content: said }] };
  });
}

function declared({ mcpReq }: ServerContext): Readonly<Record<string, unknown>> {
  const envelope = (mcpReq.envelope ?? {}) as Readonly<Record<string, unknown>>;
  const known = envelope["io.modelcontextprotocol/clientCapabilities"] ?? {};
  return known as Readonly<Record<string, unknown>>;
}

/** Tools that ask once: name → key, question, what is said to the answer. */
function addOneRound(server: McpServer): void {
  const name = ask("What is your name?", "name");
  const roots = inputRequired.listRoots();
  const asking = [
    ["test_input_required_result_elicitation", "user_name", name],
    ["test_streaming_elicitation", "user_name", name],
    ["test_input_required_result_sampling", "capital_question", capital],
    ["test_input_required_result_list_roots", "client_roots", roots],
  ] as const;
  for (const [tool, key, request] of asking) {
    server.registerTool(tool, { description: `Asks for ${key}.` }, ({ mcpReq }) => {
      const given = mcpReq.inputResponses?.[key] as Record<string, unknown> | undefined;
      const named = acceptedContent(mcpReq.inputResponses, key, z.object({ name: z.string() }));
      const usable = request === name ? named !== undefined : given !== undefined;
      if (!usable) return inputRequired({ inputRequests: { [key]: request } });
      return say(named === undefined ? JSON.stringify(given) : `Hello, ${named.name}!`);
    });
  }
}

/** Tools whose state goes through the client, signed. */
function addWithState(server: McpServer, codec: RequestStateCodec<State>): void {
  const again = async (inputRequests: InputRequests, round: number) =>
    inputRequired({ inputRequests, requestState: await codec.mint({ round }) });
  const roundOf = ({ mcpReq }: ServerContext) => mcpReq.requestState<State>()?.round ?? 0;
  const confirm = ask("Please confirm", "ok", "boolean");
  for (const suffix of ["request_state", "tampered_state"]) {
    const tool = `test_input_required_result_${suffix}`;
    server.registerTool(tool, { description: "Keeps state." }, async (context) => {
      const done = roundOf(context) === 1 && "confirm" in (context.mcpReq.inputResponses ?? {});
      return done ? say("state-ok") : again({ confirm }, 1);
    });
  }
  const about = { description: "Asks for several things." };
  server.registerTool("test_input_required_result_multiple_inputs", about, async (context) => {
    const inputs = {
      user_name: ask("What is your name?", "name"),
      greeting: sample("Generate a greeting", 50),
      client_roots: inputRequired.listRoots(),
    };
    const given = context.mcpReq.inputResponses ?? {};
    const done = roundOf(context) === 1 && Object.keys(inputs).every((key) => key in given);
    return done ? say("all inputs are there") : again(inputs, 1);
  });
  const rounds = { description: "Asks in two rounds." };
  server.registerTool("test_input_required_result_multi_round", rounds, async (context) => {
    const given = context.mcpReq.inputResponses ?? {};
    const round = roundOf(context);
    if (round === 2 && "step2" in given) return say("both steps are done");
    if (round === 1 && "step1" in given) {
      return again({ step2: ask("Step 2: What is your favorite color?", "color") }, 2);
    }
    return again({ step1: ask("Step 1: What is your name?", "name") }, 1);
  });
}
