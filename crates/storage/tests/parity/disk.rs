//! What only a file can suffer.

use crate::place::Place;
use switchboard_storage::StorageError;

#[test]
fn a_damaged_file_is_refused_with_the_way_out() {
    let place = Place::new();
    std::fs::write(place.dir.path().join("store.db"), [7; 8192]).unwrap();
    let refused = place.open("test").err().unwrap();
    assert!(
        matches!(refused, StorageError::Incompatible { .. }),
        "{refused:?}"
    );
    let told = refused.to_string();
    assert!(
        told.contains("`store.db`") && told.contains("backup"),
        "{told}"
    );
}
