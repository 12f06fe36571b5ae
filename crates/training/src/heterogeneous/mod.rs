//! Same patients, different attributes.
