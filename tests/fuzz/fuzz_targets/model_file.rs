//! Any bytes as a model file: refused, or a model that judges a post. The hash at the end is
//! made right first, else nothing behind it would ever be reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use switchboard_classify::normalise::normalise;
use switchboard_classify::{LinearModel, Model};

fuzz_target!(|bytes: &[u8]| {
    let _refused = LinearModel::from_bytes(bytes);
    if let Ok(model) = LinearModel::from_bytes(&LinearModel::sealed(bytes)) {
        let text = normalise("where is my parcel, I waited 3 weeks");
        let logits = model
            .score(&text, &[1.0; 4])
            .logits
            .expect("a model has an opinion");
        assert!(logits.iter().all(|logit| !logit.is_nan()));
        assert!(LinearModel::from_bytes(&model.to_bytes()).is_ok());
    }
});
