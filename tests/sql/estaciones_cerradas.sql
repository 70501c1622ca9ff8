-- Periods in which the institute counts as closed are said, so that a person misses no forecast of theirs in silence.
{{ config(severity='warn', store_failures=true) }}

{{ closed_seasons(ref('raw__programacion'), ref('raw__calendario')) }}
