//! Why the pallet refuses a call. Imported into the pallet's module.

use polkadot_sdk::frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod errors {
    #[pallet::error]
    pub enum Error<T> {
        /// There is no such training: it was never opened, or it has ended.
        #[codec(index = 0)]
        TrainingNotFound,
        /// There is no such data set: declare it first.
        #[codec(index = 1)]
        DataSetNotFound,
        /// Only an active member that was admitted, and has an encryption key, can do this.
        #[codec(index = 2)]
        NotAdmitted,
        /// This is not for you to do: the training is another initiator's or the data set another
        /// holder's.
        #[codec(index = 3)]
        NotAuthorized,
        /// The account does not take part in this training.
        #[codec(index = 4)]
        NotParty,
        /// The account was not asked to join this training, or has joined or left it.
        #[codec(index = 5)]
        NotInvited,
        /// A record the data set rests on is not stored, or may not be analysed by you for this
        /// purpose: ask its patient.
        #[codec(index = 6)]
        NoConsent,
        /// You declared a data set with this commitment already.
        #[codec(index = 7)]
        AlreadyExists,
        /// The party committed to its keys already.
        #[codec(index = 8)]
        AlreadyCommitted,
        /// The party said this of the stage already, or has posted a root.
        #[codec(index = 9)]
        AlreadyPosted,
        /// The part is delivered already.
        #[codec(index = 10)]
        AlreadyDelivered,
        /// You have as many data sets as a member can have: withdraw one.
        #[codec(index = 11)]
        TooManyDataSets,
        /// You take part in as many live trainings as a member can: wait until one has ended.
        #[codec(index = 12)]
        TooManyTrainings,
        /// A live training uses the data set.
        #[codec(index = 13)]
        InUse,
        /// A data set has 1 to 16,777,216 rows and 1 to 1,024 columns, and names each record once.
        #[codec(index = 14)]
        InvalidDataSet,
        /// Ask 1 to 10 members, each once, at least 2 for a heterogeneous training, and not the
        /// analyst of a homogeneous one.
        #[codec(index = 15)]
        InvalidParticipants,
        /// `min_participants` is 1 to the number of those asked; all of them in a heterogeneous
        /// training.
        #[codec(index = 16)]
        InvalidMinimum,
        /// A training has an algorithm and 1 to 10 stages.
        #[codec(index = 17)]
        InvalidStages,
        /// A homogeneous training names the digest of its attributes, a heterogeneous one none.
        #[codec(index = 18)]
        InvalidAttributes,
        /// Paillier keys have 2,048 or 3,072 bits, and `masked` has none: 0.
        #[codec(index = 19)]
        InvalidKeyBits,
        /// The window to join or that of a stage is too short or too long.
        #[codec(index = 20)]
        InvalidWindow,
        /// The deposit of a party is smaller than the smallest one.
        #[codec(index = 21)]
        DepositTooSmall,
        /// The data set is not for this training: other partition, attributes or purpose.
        #[codec(index = 22)]
        DataSetMismatch,
        /// The analyst of this back-end has to commit to a Paillier key.
        #[codec(index = 23)]
        KeyMissing,
        /// The training is not in the phase for this, or the deadline has passed.
        #[codec(index = 24)]
        WrongTime,
        /// The deadline has not passed: there is nothing to judge.
        #[codec(index = 25)]
        NotDue,
        /// The training has begun, and the consents of your data hold: stay.
        #[codec(index = 26)]
        StillBound,
        /// The post is for another epoch: the stage has ended or was begun again.
        #[codec(index = 27)]
        WrongEpoch,
        /// The last stage ends with a model.
        #[codec(index = 28)]
        ModelMissing,
        /// Name at least one other party that takes part, each as missing or invalid and not both;
        /// in a dispute post a root.
        #[codec(index = 29)]
        InvalidPost,
        /// The two messages are not different ones under one number between the same two of this
        /// training.
        #[codec(index = 30)]
        NoEquivocation,
        /// A message is not signed by the key that the party committed to.
        #[codec(index = 31)]
        InvalidSignature,
        /// No part of the model is expected from this party.
        #[codec(index = 32)]
        NothingToDeliver,
        /// The blob's size or location is empty.
        #[codec(index = 33)]
        InvalidBlob,
        /// The parts of the model are forgotten, or there are none, or it is too early.
        #[codec(index = 34)]
        NothingToForget,
    }
}
