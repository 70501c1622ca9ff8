{# The log of captures, landing.capturas: each snapshot writes its own row, so that one table's failure leaves the others'. #}
{% macro create_capture_log() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'snapshot', 'test') -%}
create schema if not exists landing;
create table if not exists landing.capturas (
    run_id varchar not null,
    tabla varchar not null,
    origen varchar not null,
    filas bigint not null,
    periodos bigint,
    cambios bigint not null,
    capturada_en timestamp not null
);
    {%- else -%}
select 1
    {%- endif -%}
{%- endmacro %}


{# After a snapshot, in its transaction: how many rows the table has now, of how many periods, and how many of them changed. #}
{% macro log_capture() -%}
    {%- set tabla = this.identifier | replace('snapshot__', '') -%}
    {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='name') | list if execute else [] -%}
insert into landing.capturas by name
select
    '{{ var("run_id") or invocation_id }}' as run_id,
    '{{ tabla }}' as tabla,
    {{ quoted(source_name()) }} as origen,
    count(*) filter (where dbt_is_deleted = 'False' and dbt_valid_to is null) as filas,
    {%- if 'periodo' in columns %}
    count(distinct periodo) filter (where dbt_is_deleted = 'False' and dbt_valid_to is null) as periodos,
    {%- endif %}
    count(*) filter (
        where dbt_valid_from > coalesce(
            (select max(c.capturada_en) from landing.capturas as c where c.tabla = '{{ tabla }}'), timestamp '1900-01-01'
        )
    ) as cambios,
    current_timestamp at time zone 'UTC' as capturada_en
from {{ this }}
{%- endmacro %}
