// Options of commands that ask a model: which one, as requests name it.

export interface ModelOptions {
  model?: string;
  provider?: string;
}

/** The fields of a request; what was not given is left out. */
export function modelOf({ model, provider }: ModelOptions): ModelOptions {
  return {
    ...(model === undefined ? {} : { model }),
    ...(provider === undefined ? {} : { provider }),
  };
}
