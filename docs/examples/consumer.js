// A service that reads scores and flags, each once: npm install kafkajs, then
//
//     node consumer.js localhost:9092 [prefix of the topics]
//
// Kafka hands out a record again after a crash or a rebalance. Scores carry `seq`, flags carry `flag_id`, `state` and
// `seq`: what is not newer, or was seen before, is dropped. Here both are remembered in memory alone; in your service keep
// them in your database, in the same transaction as what is done with the record (consumer.py does).
const { Kafka, logLevel } = require("kafkajs");

const [broker, prefix = ""] = process.argv.slice(2);
const SCORES = `${prefix}fan-scores`;
const FLAGS = `${prefix}fan-flags`;

const newest = new Map(); // fan -> seq
const seen = new Set(); // flag_id, state and seq

function score(fan, value) {
  if (value === null) {
    newest.delete(fan); // the fan was erased: forget them
    return;
  }
  const record = JSON.parse(value);
  if (record.seq <= (newest.get(fan) ?? 0)) return;
  newest.set(fan, record.seq);
  console.log("score", fan, record.seq, record.score, record.tier);
}

function flag(fan, value) {
  const record = JSON.parse(value);
  const transition = `${record.flag_id} ${record.state} ${record.seq}`;
  if (seen.has(transition)) return;
  seen.add(transition); // send the coupon, ring the fan up
  console.log("flag", fan, record.flag_id, record.kind, record.state, record.reason);
}

async function main() {
  const kafka = new Kafka({ clientId: "example", brokers: [broker], logLevel: logLevel.ERROR });
  // kafkajs reads committed records only, unless it is configured otherwise.
  const consumer = kafka.consumer({ groupId: "example-javascript" });
  await consumer.connect();
  await consumer.subscribe({ topics: [SCORES, FLAGS], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, message: { key, value } }) =>
      (topic === SCORES ? score : flag)(key.toString(), value === null ? null : value.toString()),
  });
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
