//! The verbs of `does:` in models, and the machine's form of them.

use serde::Deserialize;

use crate::machine::model::{CallArguments, Model, TextOp};

/// What a callable does, as its author writes it. Numbers are positions of arguments.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(
    missing_docs,
    reason = "the names are those of `Model`, where each is explained"
)]
pub enum Does {
    ImportModule {
        name: u8,
    },
    ImportFrom {
        module: u8,
        name: u8,
    },
    Locate {
        name: u8,
    },
    GetAttribute(GetAttribute),
    SetAttribute {
        object: u8,
        name: u8,
        value: u8,
    },
    AttributeGetter {},
    ItemGetter {},
    MethodCaller {},
    GetItem {
        object: u8,
        key: u8,
        #[serde(default)]
        changes: bool,
    },
    SetItem {
        object: u8,
        key: u8,
        value: u8,
    },
    Namespace {
        object: u8,
    },
    Call {
        callee: u8,
        arguments: Passed,
    },
    CallKeyword {
        keyword: String,
        arguments: Option<Passed>,
    },
    Partial {
        callee: u8,
    },
    Return {
        argument: u8,
    },
    LoadPickle {
        data: u8,
    },
    HoldBytes {
        argument: Option<u8>,
        #[serde(default)]
        state: Vec<u8>,
    },
    RunCode {
        source: u8,
    },
    RunGenerated {
        imports: u8,
        mapping: u8,
        keys: Vec<String>,
    },
    RunCommand {
        command: u8,
    },
    MakeClass {
        name: u8,
        bases: u8,
        body: u8,
    },
    #[serde(rename_all = "kebab-case")]
    InlineArray {
        dtypes: Vec<String>,
        object_dtypes: Vec<String>,
    },
    MakeInstance {
        class: u8,
        state: Option<u8>,
    },
    RegisterExtension {
        module: u8,
        name: u8,
        code: u8,
    },
    BuildText {
        op: TextOp,
        #[serde(default)]
        codec: Option<String>,
    },
    MakeCode {},
    Generic {},
}

/// The arguments of `get-attribute`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GetAttribute {
    /// Argument whose attribute is read.
    pub object: u8,
    /// Argument with the name.
    pub name: u8,
    /// Whether the name may be a path.
    #[serde(default)]
    pub dotted: bool,
}

/// What a callable passes on: `rest`, `unpack-N`, `each-N`, `map-N`, `none` or `unknown`.
#[derive(Copy, Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Passed(CallArguments);

impl TryFrom<String> for Passed {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not one of `rest`, `unpack-N`, `each-N`, `map-N`, `none`, `unknown`"
            )
        };
        Ok(Self(match text.as_str() {
            "rest" => CallArguments::Rest,
            "none" => CallArguments::None,
            "unknown" => CallArguments::Unknown,
            _ => {
                let (how, position) = text.split_once('-').ok_or_else(wrong)?;
                let position = position.parse().map_err(|_| wrong())?;
                match how {
                    "unpack" => CallArguments::Unpack(position),
                    "each" => CallArguments::Each(position),
                    "map" => CallArguments::Map(position),
                    _ => return Err(wrong()),
                }
            }
        }))
    }
}

impl From<Does> for Model {
    fn from(does: Does) -> Self {
        match does {
            Does::ImportModule { name } => Self::ImportModule { name },
            Does::ImportFrom { module, name } => Self::ImportFrom { module, name },
            Does::Locate { name } => Self::Locate { name },
            Does::GetAttribute(GetAttribute {
                object,
                name,
                dotted,
            }) => Self::GetAttribute {
                object,
                name,
                dotted,
            },
            Does::SetAttribute {
                object,
                name,
                value,
            } => Self::SetAttribute {
                object,
                name,
                value,
            },
            Does::AttributeGetter {} => Self::AttributeGetter,
            Does::ItemGetter {} => Self::ItemGetter,
            Does::MethodCaller {} => Self::MethodCaller,
            Does::GetItem {
                object,
                key,
                changes,
            } => Self::GetItem {
                object,
                key,
                changes,
            },
            Does::SetItem { object, key, value } => Self::SetItem { object, key, value },
            Does::Namespace { object } => Self::Namespace { object },
            Does::Call { callee, arguments } => Self::Call {
                callee,
                arguments: arguments.0,
            },
            Does::CallKeyword { keyword, .. } => Self::CallKeyword { keyword },
            Does::Partial { callee } => Self::Partial { callee },
            Does::Return { argument } => Self::Return { argument },
            Does::LoadPickle { data } => Self::LoadPickle { data },
            Does::HoldBytes { argument, state } => Self::HoldBytes { argument, state },
            Does::RunCode { source } => Self::RunCode { source },
            Does::RunGenerated {
                imports,
                mapping,
                keys,
            } => Self::RunGenerated {
                imports,
                mapping,
                keys,
            },
            Does::RunCommand { command } => Self::RunCommand { command },
            Does::InlineArray {
                dtypes,
                object_dtypes,
            } => Self::InlineArray {
                dtypes,
                object_dtypes,
            },
            Does::MakeClass { name, bases, body } => Self::MakeClass { name, bases, body },
            Does::MakeInstance { class, state } => Self::MakeInstance { class, state },
            Does::RegisterExtension { module, name, code } => {
                Self::RegisterExtension { module, name, code }
            }
            Does::BuildText { op, codec } => Self::BuildText { op, codec },
            Does::MakeCode {} => Self::MakeCode,
            Does::Generic {} => Self::Generic,
        }
    }
}
