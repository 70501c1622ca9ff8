{# The log of vacuums, landing.vaciados: `aforo vacuum` writes it (flows/vacuum.py), as_of and the history read it. #}
{% macro create_vacuum_log() -%}
create table if not exists landing.vaciados (
    vaciado_en timestamp not null,
    corte timestamp not null,
    momentos timestamp[] not null,
    filas_antes bigint not null,
    filas_despues bigint not null
);
{%- endmacro %}
