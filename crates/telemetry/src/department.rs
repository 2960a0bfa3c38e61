//! Departments are named by configuration, so their number needs a wall.

/// Distinct department names that get series of their own. With four labels, four priorities
/// and six clocks a department costs 20 series; fifty keep the whole process under 2,000.
pub const DEPARTMENTS_MAX: usize = 50;

/// What every department beyond the limit, and every unregistered one, is counted as.
const OTHER: &str = "other";

/// A registered department, or "other"; only [`crate::Metrics::department`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DepartmentLabel(usize);

impl DepartmentLabel {
    /// Counts as department "other".
    pub const OTHER: Self = Self(usize::MAX);
}

/// The label values only known at run time. Names are added, never taken away: a label that
/// was handed out keeps its meaning through a reload.
pub(crate) struct Names {
    version: String,
    departments: Vec<String>,
}

impl Names {
    pub(crate) fn new(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            departments: Vec::new(),
        }
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The label of a name that was not known before, if there is room for it.
    pub(crate) fn register(&mut self, name: &str) -> Option<DepartmentLabel> {
        let known = self.departments.iter().any(|department| department == name);
        if known || name == OTHER || self.departments.len() >= DEPARTMENTS_MAX {
            return None;
        }
        self.departments.push(name.to_owned());
        Some(DepartmentLabel(self.departments.len() - 1))
    }

    pub(crate) fn find(&self, name: &str) -> DepartmentLabel {
        let position = self
            .departments
            .iter()
            .position(|department| department == name);
        position.map_or(DepartmentLabel::OTHER, DepartmentLabel)
    }

    pub(crate) fn department(&self, label: DepartmentLabel) -> &str {
        self.departments.get(label.0).map_or(OTHER, String::as_str)
    }

    pub(crate) fn department_labels(&self) -> impl Iterator<Item = DepartmentLabel> + use<> {
        (0..self.departments.len())
            .map(DepartmentLabel)
            .chain([DepartmentLabel::OTHER])
    }
}
