// Calls every route by the client that OpenAPI Generator has made, and prints what it got as JSON.
import { AxiosError } from "axios";
import { Configuration, DefaultApi, type Applicant, type Columns, type Decision, type ErrorAnswer } from "./client/index.js";

const api = new DefaultApi(new Configuration({ basePath: process.argv[2] }));

const document = (await api.document()).data as Record<string, any>;
const applicant: Applicant = document.components.schemas.Applicant.example;
const names = Object.keys(applicant);
const values = Object.values(applicant);
const columns = Object.fromEntries(names.map((name, at) => [name, [values[at]]])) as unknown as Columns;

function one(answer: Decision | Decision[]): Decision {
  if (Array.isArray(answer)) throw new Error("an array answers one applicant");
  return answer;
}

async function failureOf(asked: Promise<unknown>): Promise<ErrorAnswer> {
  try {
    await asked;
  } catch (error) {
    if (error instanceof AxiosError && error.response) return error.response.data;
    throw error;
  }
  throw new Error("a wrong request is answered");
}

const many = (await api.predict([applicant, applicant])).data;
if (!Array.isArray(many)) throw new Error("no array answers an array");
const explained = one((await api.predict(applicant, true, "all", "fr")).data);
const decided = await api.predict(applicant);
const failure = await failureOf(api.predict({ ...applicant, is_owner: "perhaps" }));
const simulated = one((await api.predict(applicant, false, "4", "en", true)).data);
const unlogged = await failureOf(api.decision("01a21a7e-1a0d-7000-8f52-fca6fa002268"));
const invoked = [
  await api.invocations({ dataframe_records: [applicant] }),
  await api.invocations({ dataframe_split: { columns: names, data: [values] } }),
  await api.invocations({ inputs: [applicant] }),
  await api.invocations({ inputs: columns }),
  await api.invocations({ instances: [applicant] }),
];
console.log(
  JSON.stringify({
    predict: one(decided.data).probability,
    model_version: decided.headers["x-model-version"],
    many: many.map((decision) => decision.score),
    reasons: explained.reasons?.map((reason) => reason.label),
    simulated: simulated.probability,
    decision: unlogged.error.code,
    wrong: failure.error.fields.map((problem) => problem.field),
    invocations: invoked.map((answer) => answer.data.predictions[0].probability),
    ready: (await api.ready()).data.status,
    metrics: (await api.metrics()).data.split(" ")[0],
    page: (await api.page()).data.split("\n")[0],
    statuses: [(await api.ping()).status, (await api.health()).status, (await api.version()).status],
  }),
);
