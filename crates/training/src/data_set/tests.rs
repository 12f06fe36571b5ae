//! Data sets in files.

use std::fs;

use salus_analytics::table::{ColumnRef, Header};
use salus_primitives::{training::data_set_id, AccountId};

use super::{folder::CONTENT, DataSet, Description, Error, Folder, Kind, Table};

const CSV: &str = "patient,age,size,class\nann,30,?,2\nbob,50,1.5,4\n";

fn holder() -> AccountId {
    AccountId::new([7; 32])
}

fn columns(class: bool) -> Description {
    Description {
        partition: Kind::Heterogeneous,
        class: class.then(|| ColumnRef::Name("class".into())),
        patients: Some(ColumnRef::Name("patient".into())),
        table: Table {
            drop: match class {
                true => Default::default(),
                false => [ColumnRef::Name("class".into())].into(),
            },
            ..Table::default()
        },
    }
}

#[test]
fn what_was_added_is_read_again_and_a_changed_file_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path().join("data-sets")).unwrap();
    let declared = folder
        .add(&holder(), CSV.as_bytes(), &columns(true))
        .unwrap();
    assert_eq!((declared.rows, declared.columns), (2, 2));
    assert_eq!(declared.id, data_set_id(&holder(), &declared.commitment));
    assert_eq!(folder.list().unwrap(), [declared.id]);
    let set = folder.load(&declared.id, &declared.commitment).unwrap();
    assert_eq!(set.attributes().columns, ["age", "size"]);
    assert_eq!(set.attributes().digest(), declared.attributes);
    let block = set.block(&[4.0]).unwrap();
    assert_eq!(block.names(), [b"ann".to_vec(), b"bob".to_vec()]);
    assert!(block.has_classes());

    let content = folder.path_of(&declared.id).join(CONTENT);
    let mut bytes = fs::read(&content).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&content, bytes).unwrap();
    let error = folder.load(&declared.id, &declared.commitment);
    assert!(matches!(error, Err(Error::Changed(id)) if id == declared.id));
    folder.remove(&declared.id).unwrap();
    let error = folder.load(&declared.id, &declared.commitment);
    assert!(matches!(error, Err(Error::NotHere(_))));
}

#[test]
fn the_digest_of_attributes_depends_on_names_order_and_classes() {
    let digest = |text: &str, class| {
        let set = DataSet::read(text.as_bytes(), &columns(class)).unwrap();
        set.attributes().digest()
    };
    let first = digest(CSV, true);
    assert_eq!(first, digest(&CSV.replace("30", "31"), true));
    assert_ne!(first, digest(CSV, false));
    assert_ne!(first, digest(&CSV.replace("age,size", "size,age"), true));
}

#[test]
fn classes_and_patients_are_asked_for_where_they_belong() {
    let unfit = |description: Description| {
        let read = DataSet::read(CSV.as_bytes(), &description);
        assert!(matches!(read, Err(Error::Unfit(_))), "{description:?}");
    };
    unfit(Description {
        patients: None,
        ..columns(true)
    });
    unfit(Description {
        partition: Kind::Homogeneous,
        ..columns(true)
    });
    unfit(Description {
        class: Some(ColumnRef::Name("grade".into())),
        ..columns(true)
    });
    let set = DataSet::read(CSV.as_bytes(), &columns(true)).unwrap();
    assert!(set.rows(&[4.0]).is_err());
    assert!(set.block(&[9.0]).is_err());
}

#[test]
fn numbers_of_columns_are_those_of_the_file() {
    let description = Description {
        partition: Kind::Homogeneous,
        class: Some(ColumnRef::Number(4)),
        patients: None,
        table: Table {
            drop: [ColumnRef::Number(1)].into(),
            header: Header::No,
            ..Table::default()
        },
    };
    let text = "17,30,?,2\n18,50,1.5,4\n";
    let set = DataSet::read(text.as_bytes(), &description).unwrap();
    let rows = set.rows(&[4.0]).unwrap();
    assert_eq!(rows.positive, [false, true]);
    assert_eq!(rows.values.ncols(), 2);
    assert!(rows.values[(0, 1)].is_nan());
}
