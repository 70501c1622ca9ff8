-- The schemas of the forecasts are named after experiments: what stood in the older one is made again,
-- and so is all that stands on it.
drop schema if exists predictions_v1 cascade;
drop table if exists landing.transformaciones;
