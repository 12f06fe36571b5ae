//! Which of the council's tunables begin with another value than their default, as genesis says, so
//! that a demo and a consortium run the same blob: `pallet-parameters` has no genesis of its own.

/// Genesis of the tunables.
#[polkadot_sdk::frame_support::pallet]
pub mod pallet {
    use crate::{
        configs::{dynamic_params, RuntimeParameters},
        BlockNumber, Runtime,
    };
    use alloc::vec::Vec;
    use core::marker::PhantomData;
    use polkadot_sdk::{
        frame_support::{pallet_prelude::*, traits::dynamic_params::AggregatedKeyValue},
        pallet_parameters::Parameters,
    };
    use serde::{Deserialize, Serialize};

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: polkadot_sdk::frame_system::Config {}

    /// Deadlines of jobs, in blocks; none: the default.
    #[derive(Clone, Default, Serialize, Deserialize)]
    #[serde(default, rename_all = "camelCase", deny_unknown_fields)]
    pub struct JobWindows {
        pub provide_window: Option<BlockNumber>,
        pub min_window: Option<BlockNumber>,
        pub reveal_window: Option<BlockNumber>,
        pub result_window: Option<BlockNumber>,
        pub unbonding_period: Option<BlockNumber>,
        pub suspension_period: Option<BlockNumber>,
    }

    /// Deadlines of trainings, in blocks; none: the default.
    #[derive(Clone, Default, Serialize, Deserialize)]
    #[serde(default, rename_all = "camelCase", deny_unknown_fields)]
    pub struct TrainingWindows {
        pub grace_window: Option<BlockNumber>,
        pub dispute_window: Option<BlockNumber>,
        pub delivery_window: Option<BlockNumber>,
    }

    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        pub jobs: JobWindows,
        pub training: TrainingWindows,
        #[serde(skip)]
        pub _config: PhantomData<T>,
    }

    impl<T: Config> Default for GenesisConfig<T> {
        fn default() -> Self {
            Self {
                jobs: JobWindows::default(),
                training: TrainingWindows::default(),
                _config: PhantomData,
            }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            let all = self.jobs.set().into_iter().chain(self.training.set());
            for tunable in all {
                if let (key, Some(value)) = tunable.into_parts() {
                    Parameters::<Runtime>::insert(key, value);
                }
            }
        }
    }

    /// The tunables among these that have a value.
    macro_rules! set {
        ($of:ident, $module:ident, $kind:ident { $($name:ident = $field:ident,)* }) => {{
            use dynamic_params::$module::{self, Parameters};
            [$($of.$field.map(|value| Parameters::$name($module::$name, Some(value))),)*]
                .into_iter()
                .flatten()
                .map(RuntimeParameters::$kind)
                .collect()
        }};
    }

    impl JobWindows {
        fn set(&self) -> Vec<RuntimeParameters> {
            set!(self, jobs, Jobs {
                ProvideWindow = provide_window,
                MinWindow = min_window,
                RevealWindow = reveal_window,
                ResultWindow = result_window,
                UnbondingPeriod = unbonding_period,
                SuspensionPeriod = suspension_period,
            })
        }
    }

    impl TrainingWindows {
        fn set(&self) -> Vec<RuntimeParameters> {
            set!(self, training, Training {
                GraceWindow = grace_window,
                DisputeWindow = dispute_window,
                DeliveryWindow = delivery_window,
            })
        }
    }
}

pub use pallet::*;
