//! Same attributes, different patients.
