//! Five institutions: the four founders, whose nodes validate, and one that joins them.

use std::{path::PathBuf, time::Duration};

use anyhow::{bail, Context};
use salus_primitives::membership::Role;

use crate::{
    chain::{account_of, Chain},
    demo::{
        people::{founders, Person},
        report::Story,
        Stage,
    },
    keys::KeySource,
    network::{Addition, Network, Options},
    registry,
};

/// Longest wait for a node.
pub const PATIENCE: Duration = Duration::from_secs(300);
/// Name of the fifth institution's development account.
const FIFTH: &str = "eve";
/// How long it is admitted, ms: a year.
const TERM: u64 = 365 * 24 * 60 * 60 * 1000;

/// An institution and its node.
#[derive(Clone)]
pub struct Institution {
    /// Who it is.
    pub person: Person,
    /// Name of its node.
    pub node: String,
    /// Base path of its node.
    pub base_path: PathBuf,
}

/// Institutions with their nodes.
pub struct Institutions<'a> {
    /// The network.
    pub network: &'a mut Network,
    /// The first institution's node.
    pub chain: Chain,
    members: Vec<Institution>,
}

impl<'a> Institutions<'a> {
    /// Starts them.
    pub async fn start(story: &mut Story, stage: &'a mut Stage) -> anyhow::Result<Self> {
        let base = stage.folder.join("network");
        let options = Options {
            validators: 4,
            agents: true,
            default_ports: false,
        };
        let network = stage.network.insert(Network::create(&base, options)?);
        story
            .step("Start four institutions, whose nodes validate", async {
                network.start_all()?;
                network.wait_finalized(2, PATIENCE).await?;
                Ok(((), addresses(network)))
            })
            .await?;
        let url = network.nodes().first().context("too few nodes")?.url();
        let chain = Chain::connect(&url).await?;
        let council = founders()?;
        let fifth = Person::development(FIFTH)?;
        story
            .step(
                "A fifth applies, the council admits it, its node joins",
                async {
                    let credential = registry::commit_credential(None)?;
                    let recipient = fifth.identity.recipient();
                    let role = Role::Institution;
                    registry::apply(&chain, &fifth.key, role, recipient, credential).await?;
                    let keys: Vec<_> = council.iter().map(|member| member.key.clone()).collect();
                    let vote = registry::admit(&chain, &keys, fifth.account(), TERM).await?;
                    if !vote.done {
                        bail!("{} of {} votes", vote.ayes, vote.threshold);
                    }
                    // Its node signs with a key of its own.
                    let operator = KeySource::Development(format!("//{}//operator", fifth.name));
                    let hot = operator.account()?;
                    registry::set_operator(&chain, &fifth.key, Some(account_of(&hot))).await?;
                    registry::accept_operator(&chain, &hot, fifth.account()).await?;
                    let identity = stage.folder.join(format!("{FIFTH}.age"));
                    fifth.identity.save(&identity)?;
                    let addition = Addition {
                        operator: Some(operator),
                        identities: vec![identity],
                        ..Addition::default()
                    };
                    network.add(FIFTH, addition)?;
                    network.start(FIFTH, None)?;
                    network.wait_in_step(FIFTH, PATIENCE).await?;
                    let words = format!("{} is an institution by {} votes", fifth.name, vote.ayes);
                    Ok(((), words))
                },
            )
            .await?;
        let mut members = Vec::new();
        let people = council.into_iter().chain([fifth]);
        for (node, person) in network.nodes().iter().zip(people) {
            members.push(Institution {
                person,
                node: node.name.clone(),
                base_path: network.base().join(&node.name),
            });
        }
        Ok(Institutions {
            network,
            chain,
            members,
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// The institutions, the founders first.
    pub fn members(&self) -> &[Institution] {
        &self.members
    }

    /// The node of an institution, as a chain.
    pub async fn chain_of(&self, node: &str) -> anyhow::Result<Chain> {
        let url = self.network.node(node)?.url();
        Chain::connect_to(&url, self.chain.genesis()).await
    }
}

fn addresses(network: &Network) -> String {
    let lines = network
        .nodes()
        .iter()
        .map(|node| format!("{:<8} {}", node.name, node.url()));
    lines.collect::<Vec<_>>().join("\n")
}
