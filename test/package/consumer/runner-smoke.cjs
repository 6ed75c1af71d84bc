// What a test of an application sees of the package inside a test runner: a healthy call, a timeout, and by its phase which build that was
// (no browser tells connect from response: there it is 'waiting').
module.exports = async function smoke({ createClient }) {
  const client = createClient({ retry: false });
  const { status } = await client.get(process.env.HEALTHY);
  const error = await client.get(process.env.STALL, { timeout: { total: 300 } }).catch((reason) => reason);
  await client.close();
  return { status, code: error.code, limit: error.limit, phase: error.phase };
};
