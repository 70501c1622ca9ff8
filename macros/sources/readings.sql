{# What each landing model read, and how: landing.lecturas, a row a file or database table, of the newest landing only. #}
{% macro create_reading_log() -%}
create table if not exists landing.lecturas (
    tabla varchar not null,
    archivo varchar,
    formato varchar,
    codificacion varchar,
    separador varchar,
    decimal varchar,
    mapeo varchar
);
{%- endmacro %}


{# Replaces a table's rows. Written before the reading itself, so that a message about one that fails can name its mapping. #}
{% macro log_readings(tabla, readings, mapping) -%}
    {%- if flags.WHICH not in ('build', 'run') -%}{{ return('') }}{%- endif -%}
    {%- set mapped = quoted(mapping) if mapping else 'null' -%}
    {%- do run_query("delete from landing.lecturas where tabla = " ~ quoted(tabla)) -%}
    {%- for r in readings or [{}] -%}
        {%- set values = [] -%}
        {%- for name in ('archivo', 'formato', 'codificacion', 'separador') -%}
            {%- do values.append(quoted(r[name]) if r.get(name) else 'null') -%}
        {%- endfor -%}
        {%- do run_query("insert into landing.lecturas values (" ~ quoted(tabla) ~ ", " ~ values | join(', ') ~ ", null, " ~ mapped ~ ")") -%}
    {%- endfor -%}
{%- endmacro %}


{# The decimal sign of each text file: a comma where a value is a number with one comma and no dot. Such a comma is never
   a thousands separator: 1,234 students would be 1.234, which is not a whole number and is refused. #}
{% macro log_decimal_commas(tabla, readings) -%}
    {%- if flags.WHICH not in ('build', 'run') or not readings | selectattr('separador') | list -%}{{ return('') }}{%- endif -%}
    {%- do run_query(
        "update landing.lecturas as l set decimal = d.decimal from ("
        ~ "select archivo, case when bool_or(coma) then ',' when bool_or(punto) then '.' end as decimal from ("
        ~ "select archivo, regexp_full_match(valor, '-?[0-9]+,[0-9]+') as coma, regexp_full_match(valor, '-?[0-9]+[.][0-9]+') as punto from ("
        ~ "unpivot (select archivo, columns(* exclude (archivo, fila))::varchar from temp.entrega) on columns(* exclude (archivo)) into name columna value valor"
        ~ ")) group by archivo) as d where l.tabla = " ~ quoted(tabla) ~ " and l.archivo = d.archivo and l.separador is not null"
    ) -%}
{%- endmacro %}
