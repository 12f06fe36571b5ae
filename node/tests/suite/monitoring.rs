//! What an operator watches: metrics with the alerts and the dashboard on them, health, logs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;

use crate::process::Node;

const PATIENCE: Duration = Duration::from_secs(240);

pub fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").expect("run by cargo");
    Path::new(&own).join("..")
}

fn read(name: &str) -> String {
    let path = root().join("monitoring").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn dashboard() -> Value {
    serde_json::from_str(&read("grafana/salus.json")).expect("the dashboard is JSON")
}

/// Panels of the dashboard that show something.
fn panels(dashboard: &Value) -> Vec<&Value> {
    let panels = dashboard["panels"].as_array().expect("panels");
    panels
        .iter()
        .filter(|panel| panel["type"] != "row")
        .collect()
}

/// Expressions of the dashboard, with its variables as Grafana would put them in.
fn dashboard_queries() -> Vec<String> {
    let dashboard = dashboard();
    let queries: Vec<String> = panels(&dashboard)
        .iter()
        .flat_map(|panel| panel["targets"].as_array().expect("targets"))
        .map(|target| target["expr"].as_str().expect("an expression"))
        .map(|query| query.replace("$chain", ".*").replace("$instance", ".*"))
        .collect();
    assert!(queries.len() >= 30, "{}", queries.len());
    queries
}

fn alert_queries() -> Vec<String> {
    let rules: Value = serde_yaml::from_str(&read("alerts.yml")).expect("YAML");
    let groups = rules["groups"].as_array().expect("groups");
    groups
        .iter()
        .flat_map(|group| group["rules"].as_array().expect("rules"))
        .map(|rule| rule["expr"].as_str().expect("an expression").to_owned())
        .collect()
}

/// A metric, and what its labels have to be equal to or like.
type Selector = (String, Vec<(String, String)>);

/// Metrics of the node in a query, with their labels.
fn selectors(query: &str) -> Vec<Selector> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(start) = rest.find(word) {
        rest = &rest[start..];
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        rest = &rest[end..];
        if !name.starts_with("salus_") && !name.starts_with("substrate_") {
            continue;
        }
        let mut labels = Vec::new();
        if let Some(inside) = rest.strip_prefix('{') {
            let (inside, after) = inside.split_once('}').expect("a closed selector");
            for matcher in inside.split(", ") {
                let (label, value) = matcher.split_once('=').expect("a matcher");
                let value = value.trim_start_matches('~').trim_matches('"');
                labels.push((label.to_owned(), value.to_owned()));
            }
            rest = after;
        }
        found.push((name.to_owned(), labels));
    }
    found
}

#[test]
fn selectors_are_found() {
    let found = selectors(r#"rate(salus_a{b="c", d=~"e|f"}[5m]) / on (x) substrate_g > 1"#);
    let labels = [("b", "c"), ("d", "e|f")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(
        found,
        [
            ("salus_a".to_owned(), labels.to_vec()),
            ("substrate_g".to_owned(), Vec::new())
        ]
    );
}

/// Whether a sample, `name{label="value",…} number`, is one of those that are asked for.
fn is_asked_for(sample: &str, (name, labels): &Selector) -> bool {
    let Some(rest) = sample.strip_prefix(name.as_str()) else {
        return false;
    };
    rest.starts_with(['{', ' '])
        && labels.iter().all(|(label, value)| {
            // Those that Prometheus adds, and what is only there after a failure.
            let one_of = |value: &str| rest.contains(&format!("{label}=\"{value}\""));
            ["instance", "chain"].contains(&label.as_str())
                || value == "panic"
                || value.contains('.')
                || value.split('|').any(one_of)
        })
}

#[test]
fn what_is_watched_is_exported() {
    let base = tempfile::tempdir().expect("a folder");
    let mut node = Node::dev(base.path(), &["--agent", "--gateway-listen", "127.0.0.1:0"]);
    node.wait(base.path(), "finalized block", PATIENCE, |node| {
        let is = |name, least: f64| node.metric(name).is_some_and(|value| value >= least);
        is("salus_block_timestamp_seconds{status=\"finalized\"", 1.0)
            && is("salus_validator_session_blocks", 2.0)
            && is("salus_blocks_authored_total", 2.0)
    });
    let (_, text) = Node::get(node.metrics, "/metrics").expect("metrics");
    let queries = [alert_queries(), dashboard_queries()].concat();
    let missing: BTreeSet<Selector> = queries
        .iter()
        .flat_map(|query| selectors(query))
        .filter(|wanted| !text.lines().any(|sample| is_asked_for(sample, wanted)))
        .collect();
    assert!(missing.is_empty(), "the node does not export {missing:#?}");

    // The one validator of the development chain.
    for (figure, value) in [
        ("salus_validators", 1.0),
        ("salus_validator_active", 1.0),
        ("salus_validator_planned", 1.0),
        ("salus_validator_standing{standing=\"electable\"", 1.0),
        ("salus_validator_standing{standing=\"chilled\"", 0.0),
        ("salus_validator_pending_slashes", 0.0),
        ("salus_pending_slashes", 0.0),
    ] {
        assert_eq!(node.metric(figure), Some(value), "{figure}");
    }
    let clock = std::time::UNIX_EPOCH
        .elapsed()
        .expect("it is after 1970")
        .as_secs_f64();
    let best = node.metric("salus_block_timestamp_seconds{status=\"best\"");
    let age = clock - best.expect("a best block");
    assert!((-1.0..30.0).contains(&age), "the best block is {age} s old");
    let free = node.metric("salus_disk_available_bytes");
    assert!(free.is_some_and(|bytes| bytes > 0.0), "{free:?}");

    // The health pages of the RPC port.
    let (status, health) = Node::get(node.rpc, "/health").expect("an answer");
    let health: Value = serde_json::from_str(&health).expect("JSON");
    assert_eq!((status, &health["isSyncing"]), (200, &Value::Bool(false)));
    let ready = Node::get(node.rpc, "/health/readiness").map(|(status, _)| status);
    assert_eq!(ready, Some(200));
}

#[test]
fn a_node_without_peers_is_not_ready_and_no_validator() {
    let base = tempfile::tempdir().expect("a folder");
    // Without a boot node it would not expect any peers.
    let boot = "--bootnodes=/ip4/127.0.0.1/tcp/1/p2p/\
                12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
    let mut node = Node::of("local", base.path(), &["--no-mdns", boot]);
    node.wait(base.path(), "answer", PATIENCE, |node| {
        Node::get(node.rpc, "/health").is_some_and(|(status, _)| status == 200)
            && node.metric("salus_validators") == Some(4.0)
    });
    let ready = Node::get(node.rpc, "/health/readiness").map(|(status, _)| status);
    assert_eq!(ready, Some(500));
    assert_eq!(node.metric("salus_validator_active"), Some(0.0));
    let none = node.metric("salus_validator_standing{standing=\"none\"");
    assert_eq!(none, Some(1.0));
}

#[test]
fn a_log_for_programs_is_one_object_a_line() {
    let base = tempfile::tempdir().expect("a folder");
    let log = base.path().join("log");
    let mut node = Node::dev(
        base.path(),
        &["--log-format", "json", "--agent", "-lagent=debug"]
            .into_iter()
            .chain(["--gateway-listen", "127.0.0.1:0"])
            .collect::<Vec<_>>(),
    );
    node.wait(base.path(), "imported block", PATIENCE, |_| {
        fs::read_to_string(&log).is_ok_and(|log| log.contains("Imported #2"))
    });
    drop(node);
    let text = fs::read_to_string(&log).expect("a log");
    let mut targets = BTreeSet::new();
    for line in text.lines() {
        let object: BTreeMap<String, Value> =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let keys: Vec<&str> = object.keys().map(String::as_str).collect();
        assert_eq!(keys, ["fields", "level", "target", "timestamp"], "{line}");
        let time = object["timestamp"].as_str().expect("a text");
        assert!(
            time.starts_with("20") && time.contains('T') && time.ends_with('Z'),
            "{line}"
        );
        let message = object["fields"]["message"].as_str().expect("a message");
        assert!(!message.contains('\u{1b}'), "{line}");
        targets.insert(object["target"].as_str().expect("a text").to_owned());
    }
    assert!(targets.contains("agent"), "{targets:?}");
    assert!(targets.contains("gateway"), "{targets:?}");
}

#[test]
fn the_dashboard_is_one_that_grafana_takes() {
    let dashboard = dashboard();
    assert!(
        dashboard["schemaVersion"].as_u64().is_some_and(|v| v >= 36),
        "{}",
        dashboard["schemaVersion"]
    );
    let variables = dashboard["templating"]["list"].as_array().expect("a list");
    let names: Vec<_> = variables.iter().map(|variable| &variable["name"]).collect();
    assert_eq!(names, ["datasource", "chain", "instance"]);
    assert_eq!(variables[0]["type"], "datasource");
    let mut ids = BTreeSet::new();
    let mut places = BTreeSet::new();
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().expect("a title");
        assert!(ids.insert(panel["id"].as_u64()), "{title}: its id is taken");
        let place = |key: &str| panel["gridPos"][key].as_u64().expect("a place");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(x < 24, "{title} is wider than the page");
                assert!(places.insert((x, y)), "{title} lies on another panel");
            }
        }
        for source in std::iter::once(panel).chain(panel["targets"].as_array().expect("targets")) {
            assert_eq!(source["datasource"]["uid"], "${datasource}", "{title}");
        }
    }
}

/// promtool of Prometheus, which `scripts/setup test` puts there.
fn promtool() -> Command {
    let home = std::env::var("HOME").expect("a home folder");
    let cached = Path::new(&home).join(".cache/salus/bin/promtool");
    Command::new(match cached.exists() {
        true => cached.as_os_str(),
        false => "promtool".as_ref(),
    })
}

fn check(args: &[&str]) {
    let output = promtool()
        .args(args)
        .current_dir(root().join("monitoring"))
        .output()
        .unwrap_or_else(|error| panic!("promtool: {error}; `scripts/setup test` installs it"));
    assert!(
        output.status.success(),
        "promtool {args:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn alerts_are_raised_when_they_have_to_be() {
    check(&["check", "config", "prometheus.yml"]);
    check(&["check", "rules", "alerts.yml"]);
    check(&["test", "rules", "alerts_test.yml"]);
    let rules: Value = serde_yaml::from_str(&read("alerts.yml")).expect("YAML");
    let tests = read("alerts_test.yml");
    for group in rules["groups"].as_array().expect("groups") {
        for rule in group["rules"].as_array().expect("rules") {
            let alert = rule["alert"].as_str().expect("a name");
            assert!(tests.contains(alert), "{alert} has no test");
        }
    }
}

#[test]
fn the_dashboard_asks_prometheus_what_it_understands() {
    let rules: Vec<Value> = dashboard_queries()
        .iter()
        .enumerate()
        .map(|(at, query)| serde_json::json!({ "record": format!("query_{at}"), "expr": query }))
        .collect();
    let groups = serde_json::json!({ "groups": [{ "name": "dashboard", "rules": rules }] });
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rules.yml");
    fs::write(&file, serde_yaml::to_string(&groups).expect("YAML")).expect("written");
    check(&["check", "rules", file.to_str().expect("a path")]);
}
