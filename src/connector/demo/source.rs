//! The source: the past in pages, then what comes while the program runs.

use super::world::World;
use crate::connector::{ConnectorError, PulledPage, Source};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct DemoSource {
    pub world: Arc<World>,
}

impl Source for DemoSource {
    fn pull<'a>(&'a mut self, cursor: &'a [u8]) -> BoxFuture<'a, Result<PulledPage, ConnectorError>> {
        let (world, cursor) = (self.world.clone(), cursor.to_vec());
        Box::pin(async move {
            let page = tokio::task::spawn_blocking(move || world.page(&cursor)).await;
            page.map_err(|error| ConnectorError::Retry { reason: format!("the demo's page was not made: {error}") })
        })
    }

    fn wait<'a>(&'a mut self, cursor: &'a [u8], limit: Duration) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async move {
            let cursor = self.world.cursor(cursor);
            let news = self.world.news.notified();
            tokio::pin!(news);
            // Registered before looking, so that nothing falls between.
            news.as_mut().enable();
            let next = self.world.next(&cursor);
            if next.is_none() != cursor.at_rest {
                return Ok(());
            }
            let pause = next.map(|at| Duration::from_millis(at.saturating_sub(self.world.now()).max(0) as u64));
            tokio::select! {
                () = tokio::time::sleep(pause.map_or(limit, |pause| pause.min(limit))) => {}
                () = news => {}
            }
            Ok(())
        })
    }
}
