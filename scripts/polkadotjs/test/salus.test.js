// A dApp's view of Salus: records and jobs through @polkadot/api against `salus-node --dev`.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { blake2b } from "@noble/hashes/blake2.js";
import { hexToU8a, stringToU8a, u8aConcat, u8aToHex } from "@polkadot/util";
import { bech32 } from "@scure/base";
import * as age from "age-encryption";

import { event, send, startNode, until } from "../lib/node.js";

const blake2 = (...parts) => blake2b(u8aConcat(...parts), { dkLen: 32 });
const random = (length) => crypto.getRandomValues(new Uint8Array(length));
// age1… and the 32 bytes that the chain keeps.
const recipientBytes = (text) => bech32.fromWords(bech32.decode(text, 200).words);
const recipientText = (bytes) => bech32.encode("age", bech32.toWords(bytes), 200);

async function newIdentity() {
  const secret = await age.generateIdentity();
  const recipient = await age.identityToRecipient(secret);
  return { secret, recipient, bytes: Uint8Array.from(recipientBytes(recipient)) };
}

async function encrypt(plaintext, recipient) {
  const encrypter = new age.Encrypter();
  encrypter.addRecipient(recipient);
  return encrypter.encrypt(plaintext);
}

async function decrypt(ciphertext, secret) {
  const decrypter = new age.Decrypter();
  decrypter.addIdentity(secret);
  return decrypter.decrypt(ciphertext);
}

// A pointer to a ciphertext; fetching it is the gateway's business, not this test's.
const pointer = (bytes) => ({
  digest: u8aToHex(blake2(bytes)),
  size: bytes.length,
  location: "http://127.0.0.1:1",
});

const YEAR = 365 * 24 * 3600 * 1000;

let node, api, hospital, patient, research, patientKey, researchKey;

before(async () => {
  node = await startNode();
  api = node.api;
  [hospital, patient, research] = ["//Alice", "//Eve", "//Ferdie"].map((uri) => node.keyring.addFromUri(uri));
  patientKey = await newIdentity();
  researchKey = await newIdentity();
});

after(() => node?.stop());

test("a patient registers, a research team is admitted by the council", async () => {
  const registered = await send(api, api.tx.registry.registerPatient(random(32), patientKey.bytes, null), patient);
  assert.equal(event(registered, "registry", "PatientRegistered")[0].toString(), patient.address);

  await send(api, api.tx.registry.apply({ ThirdParty: "ResearchTeam" }, random(32), researchKey.bytes), research);
  const admit = api.tx.registry.admit(research.address, YEAR);
  const admitted = await send(api, api.tx.council.propose(1, admit, admit.method.encodedLength), hospital);
  assert.equal(event(admitted, "registry", "Admitted")[0].toString(), research.address);
});

test("a record goes from the hospital to the research team", async () => {
  const salt = random(32);
  const content = u8aConcat(salt, stringToU8a("haemoglobin 13.9 g/dl"));
  const commitment = blake2(content);
  const delivery = await encrypt(content, patientKey.recipient);

  const released = await send(
    api,
    api.tx.records.release(patient.address, commitment, 0, pointer(delivery)),
    hospital,
  );
  const id = u8aToHex(blake2(hospital.publicKey, patient.publicKey, commitment));
  assert.ok(event(released, "records", "Released").toJSON().includes(id), "the record id is derived as documented");

  const recordKey = await newIdentity();
  const stored = await encrypt(content, recordKey.recipient);
  await send(api, api.tx.records.store(id, pointer(stored), recordKey.bytes), patient);

  const capsule = await encrypt(stringToU8a(recordKey.secret), researchKey.recipient);
  const now = (await api.query.timestamp.now()).toNumber();
  const shared = await send(
    api,
    api.tx.records.share(
      research.address,
      [[id, u8aToHex(capsule)]],
      { read: true, analyse: false },
      1,
      now + YEAR,
      null,
    ),
    patient,
  );
  event(shared, "records", "Shared");

  // The grantee reads the share from storage and opens the capsule.
  const share = (await api.query.records.shares(id, research.address)).unwrap();
  const secret = new TextDecoder().decode(await decrypt(share.capsule.unwrap().toU8a(true), researchKey.secret));
  assert.equal(secret.trim(), recordKey.secret);
  assert.deepEqual(await decrypt(stored, secret.trim()), content);
});

test("a job is posted and completes", async () => {
  const salt = random(32);
  const rows = Array.from({ length: 40 }, (_, i) => `${(i % 2) * 10 + (i % 5) / 10},${(i % 2) * 10 + (i % 7) / 10}`);
  const content = u8aConcat(salt, stringToU8a(`x,y\n${rows.join("\n")}\n`));
  const spec = {
    algorithm: "fcm/1",
    parameters: JSON.stringify({ clusters: 2 }),
    inputs: [{ Own: { commitment: u8aToHex(blake2(content)) } }],
    purpose: 1,
    quorum: 1,
    panel: 1,
    reserves: 0,
    reward: 10n ** 12n,
    bound: { rows: 100, columns: 2, clusters: 2, iterations: 1000 },
    form: "Clear",
    cipher: "AgeX25519",
    commitWindow: 60,
  };
  const posted = await send(api, api.tx.jobs.post(spec), research);
  const job = event(posted, "jobs", "Posted")[0].toNumber();

  const seats = await until(api, "draw", 30, async () => {
    const live = (await api.query.jobs.jobs(job)).unwrapOr(null);
    assert.ok(live, "the job is live until it is settled");
    return live.state.isDrawn && live.toJSON();
  });
  assert.ok(JSON.stringify(seats).includes(hospital.address), "the only worker has the seat");

  const [version] = [(await api.query.registry.members(hospital.address)).unwrap().keyVersion];
  const worker = (await api.query.registry.recipients(hospital.address, version)).unwrap().toU8a();
  const jobKey = await newIdentity();
  const ciphertext = await encrypt(content, jobKey.recipient);
  const capsule = await encrypt(stringToU8a(jobKey.secret), recipientText(worker));
  await send(
    api,
    api.tx.jobs.provide(job, jobKey.bytes, [[0, { Inline: u8aToHex(ciphertext) }]], [u8aToHex(capsule)]),
    research,
  );

  const finished = await until(api, "settlement", 90, async () =>
    (await api.query.jobs.finishedJobs(job)).unwrapOr(null),
  );
  assert.ok(finished.outcome.isSuccess, JSON.stringify(finished.toJSON()));
});

test("a malformed extrinsic gives a named error and changes nothing", async () => {
  const balance = async () => (await api.query.system.account(patient.address)).data.toJSON();
  const unknown = u8aToHex(random(32));

  const root = async () => (await api.query.records.records.keys()).length;
  const [records, before] = [await root(), await balance()];
  await assert.rejects(
    send(api, api.tx.records.store(unknown, pointer(random(8)), random(32)), patient),
    /^Error: records\.RecordNotFound: \S/,
  );
  await assert.rejects(
    send(api, api.tx.jobs.cancel(4_000_000), patient),
    /^Error: jobs\.JobNotFound: \S/,
  );
  assert.equal(await root(), records);
  const held = await balance();
  assert.equal(held.reserved, before.reserved, "no deposit was taken");

  // Bytes that are no extrinsic, and one whose signature is of something else.
  const submit = (bytes) => node.provider.send("author_submitExtrinsic", [u8aToHex(bytes)]);
  await assert.rejects(submit(Uint8Array.of(0x12, 0x34)), /could not decode/i);
  const other = await api.tx.records.store(unknown, pointer(random(8)), random(32)).signAsync(patient);
  const bytes = hexToU8a(other.toHex());
  bytes[bytes.length - 1] ^= 1;
  await assert.rejects(submit(bytes), /bad signature/i);
  assert.equal(await root(), records);
});
