//! Registers over TCP.

use eca_core::adapter::AdapterError;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use tokio_modbus::Slave;
use tokio_modbus::client::sync::{Context, Reader, Writer, tcp};

/// Most registers in one exchange.
const MOST: u16 = 100;

/// What goes wrong between here and the registers.
#[derive(Debug)]
pub(super) enum Error {
    NotOpen,
    /// No answer, or a broken connection.
    Lost(String),
    /// An answer of the device: no.
    Exception(String),
    /// No SunSpec map, or one without what is needed.
    Map(String),
}

impl Error {
    /// Whether the connection is of no use any more.
    pub(super) fn is_broken(&self) -> bool {
        matches!(self, Self::NotOpen | Self::Lost(_))
    }

    pub(super) fn into_adapter(self, adapter: &dyn fmt::Display) -> AdapterError {
        let adapter = adapter.to_string();
        match self {
            Self::NotOpen => AdapterError::Unreachable { adapter, message: "not connected".into() },
            Self::Lost(message) => AdapterError::Unreachable { adapter, message },
            Self::Exception(message) => AdapterError::Refused { adapter, object: "registers".into(), message },
            Self::Map(limit) => AdapterError::BadReading {
                adapter,
                object: "the register map".into(),
                value: "registers".into(),
                limit,
            },
        }
    }
}

/// An open connection.
pub(super) struct Link(Context);

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("open connection")
    }
}

impl Link {
    pub(super) fn open(address: SocketAddr, unit: u8, timeout: Duration) -> Result<Self, Error> {
        let context = tcp::connect_slave_with_timeout(address, Slave(unit), Some(timeout));
        context.map(Self).map_err(|error| Error::Lost(error.to_string()))
    }

    pub(super) fn read(&mut self, address: u16, count: u16) -> Result<Vec<u16>, Error> {
        let mut words = Vec::with_capacity(usize::from(count));
        let mut at = 0;
        while at < count {
            let some = (count - at).min(MOST);
            let from = address.checked_add(at).ok_or_else(|| Error::Map("it goes beyond the last register".into()))?;
            let part = self.0.read_holding_registers(from, some);
            let part = part.map_err(|e| Error::Lost(e.to_string()))?.map_err(|e| Error::Exception(e.to_string()))?;
            if part.len() != usize::from(some) {
                return Err(Error::Lost(format!("{} registers for {some} asked for", part.len())));
            }
            words.extend(part);
            at += some;
        }
        Ok(words)
    }

    pub(super) fn write(&mut self, address: u16, words: &[u16]) -> Result<(), Error> {
        let done = self.0.write_multiple_registers(address, words);
        done.map_err(|e| Error::Lost(e.to_string()))?.map_err(|e| Error::Exception(e.to_string()))
    }
}
