//! Connects to AWS when the job first needs it.

use std::cell::OnceCell;

use terminal_text::Failure;

use super::Services;

/// The AWS services, once something has needed them.
pub(super) struct Connection<C, S, O> {
    connect: C,
    services: OnceCell<Services<S, O>>,
}

impl<C, S, O> Connection<C, S, O>
where
    C: AsyncFn() -> Result<Services<S, O>, Failure>,
{
    pub(super) fn new(connect: C) -> Self {
        Self { connect, services: OnceCell::new() }
    }

    /// Returns the services. Connects at the first call.
    pub(super) async fn services(&self) -> Result<&Services<S, O>, Failure> {
        if let Some(services) = self.services.get() {
            return Ok(services);
        }
        let services = (self.connect)().await?;
        Ok(self.services.get_or_init(|| services))
    }

    /// Returns the services if something has needed them.
    pub(super) fn connected(&self) -> Option<&Services<S, O>> {
        self.services.get()
    }
}
