// Answers whose end is told: of a stream it comes long after the answer itself.

/** The same answer; `over` is called once, when it was read, left by its reader, or broke off. */
export function tellEnd(answer: Response, over: () => void): Response {
  if (answer.body === null) {
    over();
    return answer;
  }
  const reader = answer.body.getReader();
  reader.closed.then(over, over);
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const step = await reader.read();
        if (step.done) controller.close();
        else controller.enqueue(step.value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { status: answer.status, headers: answer.headers });
}
