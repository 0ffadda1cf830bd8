//! Windows: `OVER (PARTITION BY … ORDER BY … ROWS …)`.

use sqlparser::ast::{WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec};

use super::{Done, Writer};

impl Writer<'_> {
    pub(super) fn window(&mut self, window: &WindowSpec) -> Done {
        let WindowSpec { window_name, partition_by, order_by, window_frame } = window;
        self.put("(");
        if let Some(name) = window_name {
            self.name(name)?;
        }
        if !partition_by.is_empty() {
            self.put("PARTITION BY");
            self.list(partition_by, Self::expression)?;
        }
        if !order_by.is_empty() {
            self.order(order_by)?;
        }
        if let Some(frame) = window_frame {
            self.frame(frame)?;
        }
        self.put(")");
        Ok(())
    }

    fn frame(&mut self, frame: &WindowFrame) -> Done {
        let WindowFrame { units, start_bound, end_bound } = frame;
        self.put(match units {
            WindowFrameUnits::Rows => "ROWS",
            WindowFrameUnits::Range => "RANGE",
            WindowFrameUnits::Groups => "GROUPS",
        });
        match end_bound {
            Some(end) => {
                self.put("BETWEEN");
                self.bound(start_bound)?;
                self.put("AND");
                self.bound(end)
            }
            None => self.bound(start_bound),
        }
    }

    fn bound(&mut self, bound: &WindowFrameBound) -> Done {
        match bound {
            WindowFrameBound::CurrentRow => self.put("CURRENT ROW"),
            WindowFrameBound::Preceding(None) => self.put("UNBOUNDED PRECEDING"),
            WindowFrameBound::Following(None) => self.put("UNBOUNDED FOLLOWING"),
            WindowFrameBound::Preceding(Some(distance)) => {
                self.expression(distance)?;
                self.put("PRECEDING");
            }
            WindowFrameBound::Following(Some(distance)) => {
                self.expression(distance)?;
                self.put("FOLLOWING");
            }
        }
        Ok(())
    }
}
