//! Figures for Prometheus; every one is there from the start.

use polkadot_sdk::substrate_prometheus_endpoint::{
    register, Counter, CounterVec, Gauge, GaugeVec, Opts, PrometheusError, Registry, U64,
};
use salus_primitives::duties::DutyKind;

/// How a duty ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// State took the answer.
    Done,
    /// The deadline passed.
    Missed,
    /// State no longer asks for it, before there was an answer.
    Cancelled,
    /// This agent cannot do it.
    Declined,
}

impl End {
    const ALL: [End; 4] = [End::Done, End::Missed, End::Cancelled, End::Declined];

    pub(crate) fn name(self) -> &'static str {
        match self {
            End::Done => "done",
            End::Missed => "missed",
            End::Cancelled => "cancelled",
            End::Declined => "declined",
        }
    }
}

/// Name of a kind of duty in logs, metrics and status.
pub(crate) fn kind_name(kind: DutyKind) -> &'static str {
    match kind {
        DutyKind::JobCommit => "job-commit",
        DutyKind::JobReveal => "job-reveal",
        DutyKind::RecordSeal => "record-seal",
        DutyKind::TrainingKeys => "training-keys",
        DutyKind::TrainingPost => "training-post",
        DutyKind::TrainingDeliver => "training-deliver",
    }
}

const KINDS: [DutyKind; 6] = [
    DutyKind::JobCommit,
    DutyKind::JobReveal,
    DutyKind::RecordSeal,
    DutyKind::TrainingKeys,
    DutyKind::TrainingPost,
    DutyKind::TrainingDeliver,
];

#[derive(Clone)]
pub(crate) struct Metrics {
    owed: GaugeVec<U64>,
    ended: CounterVec<U64>,
    oldest_ready: Gauge<U64>,
    computations: Counter<U64>,
    transfer_failures: Counter<U64>,
    trainings: Gauge<U64>,
    training_packets: CounterVec<U64>,
}

/// What becomes of packets of trainings.
const PACKETS: [&str; 4] = ["sent", "refused-by-peer", "taken", "refused"];

impl Metrics {
    pub(crate) fn new(registry: Option<&Registry>) -> Result<Self, PrometheusError> {
        let metrics = Self {
            owed: GaugeVec::new(
                Opts::new("salus_agent_duties_owed", "Duties owed, by kind"),
                &["kind"],
            )?,
            ended: CounterVec::new(
                Opts::new(
                    "salus_agent_duties_total",
                    "Duties that ended, by kind and result",
                ),
                &["kind", "result"],
            )?,
            oldest_ready: Gauge::new(
                "salus_agent_oldest_ready_blocks",
                "Finalized blocks for which the oldest ready answer has been waiting",
            )?,
            computations: Counter::new(
                "salus_agent_computations_total",
                "Analyses that were started",
            )?,
            transfer_failures: Counter::new(
                "salus_agent_transfer_failures_total",
                "Downloads and uploads that failed",
            )?,
            trainings: Gauge::new(
                "salus_agent_trainings",
                "Trainings under way in which this node takes part",
            )?,
            training_packets: CounterVec::new(
                Opts::new(
                    "salus_agent_training_packets_total",
                    "Packets between parties of trainings, by what became of them",
                ),
                &["result"],
            )?,
        };
        for kind in KINDS.map(kind_name) {
            metrics.owed.with_label_values(&[kind]).set(0);
            for end in End::ALL {
                metrics
                    .ended
                    .with_label_values(&[kind, end.name()])
                    .inc_by(0);
            }
        }
        for result in PACKETS {
            metrics
                .training_packets
                .with_label_values(&[result])
                .inc_by(0);
        }
        if let Some(registry) = registry {
            register(metrics.trainings.clone(), registry)?;
            register(metrics.training_packets.clone(), registry)?;
            register(metrics.owed.clone(), registry)?;
            register(metrics.ended.clone(), registry)?;
            register(metrics.oldest_ready.clone(), registry)?;
            register(metrics.computations.clone(), registry)?;
            register(metrics.transfer_failures.clone(), registry)?;
        }
        Ok(metrics)
    }

    pub(crate) fn owed(&self, kinds: impl Iterator<Item = DutyKind> + Clone) {
        for kind in KINDS {
            let count = kinds.clone().filter(|owed| *owed == kind).count();
            self.owed
                .with_label_values(&[kind_name(kind)])
                .set(count as u64);
        }
    }

    pub(crate) fn ended(&self, kind: DutyKind, end: End) {
        self.ended
            .with_label_values(&[kind_name(kind), end.name()])
            .inc();
    }

    pub(crate) fn oldest_ready(&self, blocks: u32) {
        self.oldest_ready.set(blocks.into());
    }

    pub(crate) fn computation(&self) {
        self.computations.inc();
    }

    pub(crate) fn trainings(&self, live: usize) {
        self.trainings.set(live as u64);
    }

    pub(crate) fn training_packet(&self, result: &str) {
        self.training_packets.with_label_values(&[result]).inc();
    }

    pub(crate) fn transfer_failed(&self) {
        self.transfer_failures.inc();
    }
}
