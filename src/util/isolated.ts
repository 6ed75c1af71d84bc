/** Functions of the user's that hear of something and are not waited for. */
import { complain, quiet } from './complain';

/** The same function, which harms nobody: that it throws, or rejects, is reported once (per `of`), and from then on ignored. */
export function isolated<Args extends unknown[]>(
  listener: (...args: Args) => unknown,
  message: string,
  of?: object,
): (...args: Args) => void {
  const tell = (error: unknown): void => complain(of ?? run, message, error);
  const run = (...args: Args): void => {
    try {
      quiet(listener(...args), tell);
    } catch (error) {
      tell(error);
    }
  };
  return run;
}
