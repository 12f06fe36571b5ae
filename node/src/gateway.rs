//! The node's blob gateway: `salus-blobs` served on a port of its own, with this node's chain
//! deciding who may fetch what.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use polkadot_sdk::{
    sc_service::{error::Error as ServiceError, TaskManager},
    sp_api::ApiError,
    substrate_prometheus_endpoint::Registry,
};
use salus_blobs::{
    chain::{Chain, ChainError, Quota, View},
    gateway::{self, Gateway},
    Base, Store,
};
use salus_primitives::{
    apis::{BlobsApi, DutiesApi},
    AccountId, Digest, Hash,
};

use crate::{cli::GatewayParams, metrics, service::NodeClient};

/// The node's client as a gateway asks it.
pub struct ChainView<Client> {
    client: Arc<Client>,
    genesis: Hash,
}

impl<Client> ChainView<Client> {
    pub fn new(client: Arc<Client>, genesis: Hash) -> Self {
        Self { client, genesis }
    }
}

fn chain_error(error: ApiError) -> ChainError {
    ChainError(error.to_string())
}

impl<Client: NodeClient> Chain for ChainView<Client> {
    fn genesis(&self) -> Hash {
        self.genesis
    }

    fn view(&self) -> Result<View, ChainError> {
        let info = self.client.info();
        let head = self
            .client
            .runtime_api()
            .now(info.best_hash)
            .map_err(chain_error)?;
        let clock = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_err(|error| ChainError(format!("this machine's clock: {error}")))?;
        let clock = u64::try_from(clock.as_millis()).unwrap_or(u64::MAX);
        Ok(View {
            best: info.best_hash,
            finalized: info.finalized_hash,
            best_age_ms: clock.saturating_sub(head),
        })
    }

    fn may_fetch(&self, at: Hash, who: &AccountId, digest: &Digest) -> Result<bool, ChainError> {
        self.client
            .runtime_api()
            .may_fetch(at, who.clone(), *digest)
            .map_err(chain_error)
    }

    fn is_referenced(&self, at: Hash, digest: &Digest) -> Result<bool, ChainError> {
        self.client
            .runtime_api()
            .is_referenced(at, *digest)
            .map_err(chain_error)
    }

    fn upload_quota(&self, at: Hash, who: &AccountId) -> Result<Option<Quota>, ChainError> {
        let api = self.client.runtime_api();
        let bytes = api.upload_quota(at, who.clone()).map_err(chain_error)?;
        if bytes == 0 {
            return Ok(None);
        }
        let member = api.member(at, who.clone()).map_err(chain_error)?;
        Ok(Some(Quota {
            member: member.unwrap_or_else(|| who.clone()),
            bytes,
        }))
    }
}

/// A gateway's addresses: where others reach it, and where this node does.
#[derive(Clone, Debug)]
pub struct Addresses {
    pub public: Base,
    pub local: Base,
}

/// Where the member's gateway is, and the gateway where it is this node's.
pub type Serving = Option<(Addresses, Option<Gateway>)>;

/// Starts the gateway where the command line asks for one. Without one, the addresses are those of
/// the member's gateway elsewhere, where the command line names it.
pub async fn start<Client: NodeClient>(
    params: &GatewayParams,
    base_path: &Path,
    chain: ChainView<Client>,
    registry: Option<&Registry>,
    tasks: &TaskManager,
) -> Result<Serving, ServiceError> {
    let Some(listen) = params.gateway_listen else {
        if params.gateway_store.is_some() {
            return Err(ServiceError::Other(
                "--gateway-store needs --gateway-listen: there is nobody to serve the blobs".into(),
            ));
        }
        // An agent may use the gateway of another node of its member.
        return Ok(params.gateway_url.first().map(|url| {
            let (public, local) = (url.clone(), url.clone());
            (Addresses { public, local }, None)
        }));
    };
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        ServiceError::Other(format!("blob gateway: {what}: {error}"))
    };
    let store = match &params.gateway_store {
        Some(url) if url.contains("://") => Store::from_url(url),
        Some(dir) => Store::local(dir),
        None => Store::local(base_path.join("blobs")),
    }
    .map_err(|error| failed("cannot open the store", &error))?;
    let listener = tokio::net::TcpListener::bind(listen)
        .await
        .map_err(|error| failed(&format!("cannot listen on {listen}"), &error))?;
    let bound = listener
        .local_addr()
        .map_err(|error| failed("no address", &error))?;
    let local: Base = format!("http://{}", reached_at(bound))
        .parse()
        .map_err(|error| failed("no address", &error))?;
    let public = match params.gateway_url.first() {
        Some(url) => url.clone(),
        None if bound.ip().is_unspecified() => {
            return Err(failed(
                &format!("nobody can ask {bound}"),
                &"give the address that others know with --gateway-url",
            ))
        }
        None => local.clone(),
    };
    warn_if_public(&bound, &public);
    let mut config = gateway::Config::new(public.to_string());
    let older = params.gateway_url.iter().skip(1);
    config.bases.extend(older.map(Base::to_string));
    let gateway = Gateway::new(store, Arc::new(chain), config)
        .await
        .map_err(|error| failed("cannot start", &error))?;
    if let Some(registry) = registry {
        metrics::gateway(registry, gateway.clone()).map_err(|error| failed("metrics", &error))?;
    }
    log::info!(target: "gateway", "serving blobs on {bound} as {public}");
    let serving = gateway.clone();
    tasks
        .spawn_essential_handle()
        .spawn("blob-gateway", Some("blob-gateway"), async move {
            // Ends with the task manager, which drops the future.
            if let Err(error) = gateway::serve(listener, gateway, std::future::pending()).await {
                log::error!(target: "gateway", "the blob gateway stopped: {error}");
            }
        });
    Ok(Some((Addresses { public, local }, Some(serving))))
}

/// Where this machine itself reaches what listens there.
fn reached_at(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

fn warn_if_public(bound: &SocketAddr, url: &Base) {
    if !bound.ip().is_loopback() && url.to_string().starts_with("http://") {
        log::warn!(
            target: "gateway",
            "blobs are served without TLS on {bound}: put a TLS proxy before it and give its \
             address with --gateway-url",
        );
    }
}
