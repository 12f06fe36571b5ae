//! Calls in words, decoded with the node's metadata.

use subxt::{
    ext::{
        scale_encode::EncodeAsType,
        scale_type_resolver::{self, visitor, TypeResolver},
        scale_value::{self, Composite, Primitive, Value, ValueDef, Variant},
    },
    utils::AccountId32,
    Metadata,
};

use super::{api, words::lower};
use crate::output::med;

/// A call as `pallet.call(name: value, …)`: accounts as SS58, amounts in MED, bytes as text or
/// hexadecimal.
pub fn call_words(metadata: &Metadata, call: &api::Call) -> anyhow::Result<String> {
    let call_type = metadata.outer_enums().call_enum_ty();
    let bytes = encode(metadata, call)?;
    let value =
        scale_value::scale::decode_as_type(&mut bytes.as_slice(), call_type, metadata.types())?;
    let writer = Writer {
        types: metadata.types(),
        call_type,
    };
    Ok(writer.words(&value))
}

/// A call as the chain encodes it.
pub fn encode(metadata: &Metadata, call: &api::Call) -> anyhow::Result<Vec<u8>> {
    call.encode_as_type(metadata.outer_enums().call_enum_ty(), metadata.types())
        .map_err(|error| anyhow::anyhow!("the node's runtime does not know this call: {error}"))
}

/// Writes values whose types have these numbers.
struct Writer<'a, R> {
    types: &'a R,
    call_type: u32,
}

impl<R: TypeResolver<TypeId = u32>> Writer<'_, R> {
    fn words(&self, value: &Value<u32>) -> String {
        match &value.value {
            ValueDef::Primitive(primitive) => self.primitive(primitive, value.context),
            ValueDef::BitSequence(bits) => format!("{} bits", bits.len()),
            ValueDef::Variant(variant) if value.context == self.call_type => self.call(variant),
            ValueDef::Variant(variant) => match (variant.name.as_str(), variant.values.len()) {
                ("None", 0) => "none".to_owned(),
                // What they hold says it all.
                ("Some" | "Id", 1) => self.list(&variant.values),
                (name, 0) => name.to_owned(),
                (name, _) => format!("{name}({})", self.list(&variant.values)),
            },
            ValueDef::Composite(composite) => {
                if let Some(bytes) = self.bytes(value) {
                    return match <[u8; 32]>::try_from(bytes.as_slice()) {
                        Ok(account) if self.is_account(value.context) => {
                            AccountId32(account).to_string()
                        }
                        _ => bytes_words(&bytes),
                    };
                }
                match composite.len() {
                    1 => self.list(composite),
                    _ => format!("[{}]", self.list(composite)),
                }
            }
        }
    }

    fn call(&self, pallet: &Variant<u32>) -> String {
        let inner = pallet.values.values().next().map(|call| &call.value);
        match inner {
            Some(ValueDef::Variant(call)) => format!(
                "{}.{}({})",
                lower(&pallet.name),
                call.name,
                self.list(&call.values)
            ),
            _ => pallet.name.clone(),
        }
    }

    fn list(&self, values: &Composite<u32>) -> String {
        let parts: Vec<String> = match values {
            Composite::Named(fields) => fields
                .iter()
                .map(|(name, value)| format!("{name}: {}", self.words(value)))
                .collect(),
            Composite::Unnamed(values) => values.iter().map(|value| self.words(value)).collect(),
        };
        parts.join(", ")
    }

    fn primitive(&self, primitive: &Primitive, of_type: u32) -> String {
        match primitive {
            Primitive::Bool(value) => value.to_string(),
            Primitive::Char(value) => value.to_string(),
            Primitive::String(text) => format!("{text:?}"),
            // The runtime's only numbers of this size are amounts.
            Primitive::U128(amount) if self.is(of_type, scale_type_resolver::Primitive::U128) => {
                med(*amount)
            }
            Primitive::U128(number) => number.to_string(),
            Primitive::I128(number) => number.to_string(),
            Primitive::U256(bytes) | Primitive::I256(bytes) => {
                format!("0x{}", hex::encode(bytes))
            }
        }
    }

    /// The bytes of an array or list of bytes, in however many wrappers.
    fn bytes(&self, value: &Value<u32>) -> Option<Vec<u8>> {
        let ValueDef::Composite(composite) = &value.value else {
            return None;
        };
        let byte =
            |value: &Value<u32>| match self.is(value.context, scale_type_resolver::Primitive::U8) {
                true => value.as_u128().and_then(|byte| u8::try_from(byte).ok()),
                false => None,
            };
        let mut values = composite.values();
        match (values.next(), composite.len()) {
            (Some(inner), 1) if byte(inner).is_none() => self.bytes(inner),
            (Some(_), _) => composite.values().map(byte).collect(),
            (None, _) => None,
        }
    }

    /// Whether a type is this primitive, compact or not.
    fn is(&self, of_type: u32, primitive: scale_type_resolver::Primitive) -> bool {
        let compared = visitor::new((), |(), _| false)
            .visit_primitive(|(), found| found == primitive)
            .visit_compact(|(), inner| inner != of_type && self.is(inner, primitive));
        self.types.resolve_type(of_type, compared).unwrap_or(false)
    }

    fn is_account(&self, of_type: u32) -> bool {
        let named = visitor::new((), |(), _| false)
            .visit_composite(|(), path, _| path.last() == Some("AccountId32"));
        self.types.resolve_type(of_type, named).unwrap_or(false)
    }
}

fn bytes_words(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => format!("{text:?}"),
        _ => format!("0x{}", hex::encode(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use codec::Decode;
    use salus_primitives::{Digest, MED};
    use subxt::utils::MultiAddress;

    use super::{
        super::api::runtime_types::{
            bounded_collections::bounded_vec::BoundedVec, pallet_balances, pallet_registry,
        },
        *,
    };

    fn words(call: api::Call) -> String {
        let bytes = include_bytes!("../../metadata.scale");
        call_words(&Metadata::decode(&mut &bytes[..]).unwrap(), &call).unwrap()
    }

    #[test]
    fn calls_are_written_with_accounts_amounts_and_bytes() {
        let who = AccountId32([254; 32]);
        let transfer = pallet_balances::pallet::Call::transfer_keep_alive {
            dest: MultiAddress::Id(who),
            value: 5 * MED / 2,
        };
        assert_eq!(
            words(api::Call::Balances(transfer)),
            format!("balances.transfer_keep_alive(dest: {who}, value: 2.5 MED)")
        );

        let register = pallet_registry::pallet::Call::register_patient {
            credential: Digest::repeat_byte(1),
            recipient: [0xab; 32],
            sponsor: Some(who),
        };
        assert_eq!(
            words(api::Call::Registry(register)),
            format!(
                "registry.register_patient(credential: 0x{}, recipient: 0x{}, sponsor: {who})",
                "01".repeat(32),
                "ab".repeat(32)
            )
        );

        let node = pallet_registry::pallet::Call::set_node {
            peer_id: BoundedVec(vec![0, 36]),
            addresses: BoundedVec(vec![
                BoundedVec(b"/ip4/1.2.3.4".to_vec()),
                BoundedVec(b"/ip4/5.6.7.8".to_vec()),
            ]),
        };
        assert_eq!(
            words(api::Call::Registry(node)),
            "registry.set_node(peer_id: 0x0024, addresses: [\"/ip4/1.2.3.4\", \"/ip4/5.6.7.8\"])"
        );
    }
}
