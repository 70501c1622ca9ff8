{# An audit that has nothing to compare with. #}
{% macro nothing_to_tell() -%}
select
    '' as tabla,
    '' as archivo,
    cast(null as bigint) as fila,
    '' as columna,
    '' as valor,
    '' as problema,
    '' as remedio
where false
{%- endmacro %}

{# What dbt adds to a snapshot's own columns. #}
{% macro dbt_snapshot_columns() -%}
    {{ return(['dbt_scd_id', 'dbt_updated_at', 'dbt_valid_from', 'dbt_valid_to', 'dbt_is_deleted']) }}
{%- endmacro %}

{# Whether the newest capture of the table came from the source that is read now. #}
{% macro captured_from_here(tabla) -%}
    {%- set newest = run_query(
        "select origen, filas from landing.capturas where tabla = " ~ quoted(tabla) ~ " order by capturada_en desc limit 1"
    ).rows -%}
    {{ return(newest | length > 0 and newest[0][0] == source_name() and newest[0][1] > 0) }}
{%- endmacro %}
