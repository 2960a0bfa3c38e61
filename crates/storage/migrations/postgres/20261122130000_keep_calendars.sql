-- Why: a promise is counted in the hours it was made under, also when it is proven after they
-- have changed. `hours` is JSON; a version's hours never change.

CREATE TABLE calendar_version (
    name TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    hours TEXT NOT NULL,
    PRIMARY KEY (name, version)
);
