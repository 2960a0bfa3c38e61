-- Why: a promise is counted in the hours it was made under, also when it is proven after they
-- have changed. `hours` is JSON; a version's hours never change.

CREATE TABLE calendar_version (
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    hours TEXT NOT NULL,
    PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;
