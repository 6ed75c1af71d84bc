// A serverless function in the shape of AWS Lambda: its calls end before the platform ends it, and its beacons leave before it is frozen.
import { createClient, isTimeout, withDeadline } from 'breakwater';

const { UPSTREAM = 'https://api.example.com', COLLECTOR = 'https://collector.example.com/events' } = process.env;

const RESERVE = 500; // milliseconds: for the beacons and the answer
const FLUSH = 300;

// Outside the handler, so that connections, breakers and statistics outlive an invocation.
const api = createClient({ baseURL: UPSTREAM, timeout: { connect: 2_000, read: 5_000 } });

export async function handler(event, context) {
  const id = encodeURIComponent(event.pathParameters.id);
  const startedAt = performance.now();
  const answer = await withDeadline(context.getRemainingTimeInMillis() - RESERVE, () => api.get(`/orders/${id}`)).then(
    ({ data }) => ({ statusCode: 200, body: JSON.stringify(data) }),
    (error) => ({ statusCode: isTimeout(error) ? 504 : 502, body: JSON.stringify({ error: error.code }) }),
  );
  api.beacon(COLLECTOR, { status: answer.statusCode, ms: Math.round(performance.now() - startedAt) });
  await api.beacons.flush(FLUSH); // a frozen process sends nothing
  return answer;
}
