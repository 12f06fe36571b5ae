// Starts a development node on free ports and connects to it.

import { spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// Whether anybody listens there.
function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(socket.end() && true));
    socket.on("error", () => resolve(false));
  });
}

async function listening(port) {
  while (!(await listens(port))) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// A running node, its API and the development keys; `stop` ends and removes all of it.
export async function startNode() {
  const binary = process.env.SALUS_NODE;
  if (!binary) {
    throw new Error("SALUS_NODE must name the salus-node binary (make sets it)");
  }
  const base = mkdtempSync(join(tmpdir(), "salus-polkadotjs-"));
  const [rpc, p2p, gateway] = [await freePort(), await freePort(), await freePort()];
  const log = join(base, "log");
  const child = spawn(
    binary,
    [
      "--dev", "--agent", "--base-path", base, "--no-prometheus",
      "--rpc-port", `${rpc}`, "--listen-addr", `/ip4/127.0.0.1/tcp/${p2p}`,
      "--gateway-listen", `127.0.0.1:${gateway}`,
    ],
    { stdio: ["ignore", "ignore", openSync(log, "w")] },
  );
  const exited = new Promise((_, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      reject(new Error(`the node ended (${code ?? signal}):\n${readFileSync(log, "utf8").slice(-4000)}`)),
    );
  });
  exited.catch(() => {}); // It is asked for where it matters.
  await Promise.race([listening(rpc), exited]);
  const provider = new WsProvider(`ws://127.0.0.1:${rpc}`, 200);
  const api = await Promise.race([ApiPromise.create({ provider, noInitWarn: true }), exited]);
  return {
    api,
    provider,
    keyring: new Keyring({ type: "sr25519" }),
    log: () => readFileSync(log, "utf8"),
    async stop() {
      await api.disconnect();
      child.removeAllListeners("exit");
      child.kill("SIGKILL");
      await new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.on("exit", resolve) : resolve()));
      rmSync(base, { recursive: true, force: true });
    },
  };
}

// What went wrong, in the words of the pallet that refused: `jobs.NotFound: …`.
export function dispatchError(api, error) {
  if (!error.isModule) {
    return error.toString();
  }
  const { section, name, docs } = api.registry.findMetaError(error.asModule);
  return `${section}.${name}: ${docs.join(" ")}`;
}

// Signs, sends, waits until it is in a block; the events of the transaction, or an error in words.
export function send(api, call, signer) {
  return new Promise((resolve, reject) => {
    call
      .signAndSend(signer, ({ status, events, dispatchError: error }) => {
        if (status.isInBlock) {
          if (error) {
            reject(new Error(dispatchError(api, error)));
          } else {
            resolve(events.map(({ event }) => event));
          }
        } else if (status.isInvalid || status.isDropped || status.isUsurped) {
          reject(new Error(`the transaction is ${status.type}`));
        }
      })
      .catch(reject);
  });
}

// The data of the one event of that name.
export function event(events, section, method) {
  const found = events.find((e) => e.section === section && e.method === method);
  if (!found) {
    const names = events.map((e) => `${e.section}.${e.method}`).join(", ");
    throw new Error(`no event ${section}.${method} among ${names}`);
  }
  return found.data;
}

// Asks at each new block until `done` gives something.
export async function until(api, what, blocks, done) {
  let left = blocks;
  return new Promise((resolve, reject) => {
    let unsubscribe;
    const finish = (settle, value) => {
      unsubscribe?.();
      settle(value);
    };
    api.rpc.chain
      .subscribeNewHeads(async () => {
        try {
          const value = await done();
          if (value) {
            finish(resolve, value);
          } else if (--left <= 0) {
            finish(reject, new Error(`no ${what} within ${blocks} blocks`));
          }
        } catch (error) {
          finish(reject, error);
        }
      })
      .then((stop) => {
        unsubscribe = stop;
      }, reject);
  });
}
