//! The chain spec of a file: what the node's program has of every chain, and what the file says.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{bail, Context};
use salus_primitives::membership::Role;
use serde_json::{json, Value};

use super::{
    check::{treasury, Checked},
    file::{Account, Consortium, Member},
};
use crate::{files, network::find_node};

/// Preset from which the spec takes what is not the consortium's: the blob, the token's properties,
/// the settings of BABE, the prices of work.
const BASE: &str = "local";
/// Lines of what the node's program says that are shown when it refuses.
const TAIL: usize = 6;

/// The spec of a checked file.
pub fn make(consortium: &Consortium, checked: &Checked) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir()?;
    let base = folder.path().join("base.json");
    export(BASE, false, &base)?;
    let mut spec: Value =
        serde_json::from_slice(&files::read(&base)?).context("the node's spec is no JSON")?;
    let patch = spec
        .pointer("/genesis/runtimeGenesis/patch")
        .context("the node's spec has no genesis that could be changed")?;
    let patch = genesis(consortium, checked, patch)?;
    spec["genesis"]["runtimeGenesis"]["patch"] = patch;
    spec["name"] = json!(consortium.name.get_ref());
    spec["id"] = json!(consortium.id.get_ref());
    spec["chainType"] = json!(consortium.chain_type.name());
    spec["bootNodes"] = consortium
        .all_bootnodes()
        .map(|node| json!(node.get_ref().0))
        .collect();
    Ok(spec)
}

fn genesis(consortium: &Consortium, checked: &Checked, base: &Value) -> anyhow::Result<Value> {
    let members = &consortium.members;
    let balances = members
        .iter()
        .map(|member| (member.account.get_ref(), member.balance.get_ref().0))
        .chain(
            consortium
                .accounts
                .iter()
                .map(|other| (other.account.get_ref(), other.balance.get_ref().0)),
        )
        .map(|(account, balance)| (account.address(), balance))
        .chain([(treasury().address(), checked.treasury)])
        .map(|entry| Ok(serde_json::to_value(entry)?));
    let algorithms = match &consortium.algorithms {
        Some(given) => given
            .iter()
            .map(|(name, price)| Ok(serde_json::to_value((name, price.get_ref().0))?))
            .collect::<anyhow::Result<Value>>()?,
        None => base["jobs"]["algorithms"].clone(),
    };
    let validators = || {
        members
            .iter()
            .filter_map(|member| Some((address(member), member.validator.as_ref()?)))
    };
    let candidates = validators().map(|(account, validator)| {
        let (bond, commission) = (validator.bond.get_ref().0, validator.commission.0);
        Ok(serde_json::to_value((account, bond, commission))?)
    });
    let session_keys = validators().map(|(account, validator)| {
        let key = |key: &Account| key.address();
        json!([account, account, {
            "babe": key(validator.babe.get_ref()),
            "grandpa": key(validator.grandpa.get_ref()),
            "authority_discovery": key(validator.authority_discovery.get_ref()),
        }])
    });
    let workers = members.iter().filter_map(|member| {
        let bond = member.worker.as_ref()?.bond.get_ref().0;
        Some(serde_json::to_value((address(member), bond)))
    });
    let council = members
        .iter()
        .filter(|member| member.council.as_ref().is_some_and(|seat| *seat.get_ref()))
        .map(address);
    Ok(json!({
        "babe": base["babe"],
        "balances": { "balances": balances.collect::<anyhow::Result<Value>>()? },
        "council": { "members": council.collect::<Vec<_>>() },
        "delegation": { "candidates": candidates.collect::<anyhow::Result<Value>>()? },
        "jobs": {
            "algorithms": algorithms,
            "workers": workers.collect::<Result<Value, _>>()?,
        },
        "registry": { "members": members.iter().map(registered).collect::<Value>() },
        "session": { "keys": session_keys.collect::<Value>() },
        "sessionLength": { "slots": checked.slots },
    }))
}

fn address(member: &Member) -> String {
    member.account.get_ref().address()
}

fn registered(member: &Member) -> Value {
    let recipient = member.recipient.get_ref().0;
    let credential = member.credential.map_or(recipient, |hash| hash.0);
    let hex = |bytes: [u8; 32]| format!("0x{}", hex::encode(bytes));
    json!([
        address(member),
        Role::from(member.role.0),
        hex(credential),
        hex(recipient),
        member.operator.as_ref().map(|key| key.get_ref().address()),
        member.until.map(|until| until.0),
    ])
}

/// Has the node's program write a chain's spec; with `raw` its runtime builds the genesis state.
pub fn export(chain: &str, raw: bool, output: &Path) -> anyhow::Result<()> {
    let program = find_node()?;
    let mut command = Command::new(&program);
    command.args(["export-chain-spec", "--chain", chain]);
    if raw {
        command.arg("--raw");
    }
    let done = command
        .arg("--output")
        .arg(output)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
        bail!(
            "{} refuses the spec:\n{}",
            program.display(),
            lines[lines.len().saturating_sub(TAIL)..].join("\n")
        );
    }
    Ok(())
}
