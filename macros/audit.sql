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

{# The newest capture of the table, {filas, momento, origen}, whatever the source was called: a home is one institute's.
   None where it has none with rows. #}
{% macro newest_capture(tabla) -%}
    {%- set captures = adapter.get_relation(database=target.database, schema='landing', identifier='capturas') -%}
    {%- set newest = [] if captures is none else run_query(
        "select filas, strftime(capturada_en, '%Y-%m-%d %H:%M'), origen from " ~ captures
        ~ " where tabla = " ~ quoted(tabla) ~ " order by secuencia desc, rowid desc limit 1"
    ).rows -%}
    {%- if not newest or newest[0][0] == 0 -%}{{ return(none) }}{%- endif -%}
    {{ return({'filas': newest[0][0], 'momento': newest[0][1], 'origen': newest[0][2]}) }}
{%- endmacro %}
