{# The log of vacuums, landing.vaciados: `aforo vacuum` writes it (flows/vacuum.py), as_of and the history read it. #}
{% macro create_vacuum_log() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'snapshot', 'test') -%}
create schema if not exists landing;
create table if not exists landing.vaciados (
    vaciado_en timestamp not null,
    corte timestamp not null,
    momentos timestamp[] not null,
    filas_antes bigint not null,
    filas_despues bigint not null
);
    {%- else -%}
select 1
    {%- endif -%}
{%- endmacro %}
