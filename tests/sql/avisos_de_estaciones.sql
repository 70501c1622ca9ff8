-- Periods in which the institute counts as closed are said, so that a person misses no forecast of theirs in silence; so is a short history.
{{ config(severity='warn', store_failures=true) }}

{{ season_notes(ref('raw__programacion'), ref('raw__calendario')) }}
