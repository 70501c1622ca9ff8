{# The columns of a published forecast (AFORO_HOME/history/<run>.parquet) that its judgement reads, and their types. An older
   release may be without the second ones: they are null then. #}
{% macro published_columns() -%}
    {{ return({
        'required': {
            'periodo': 'integer', 'horizonte': 'integer', 'sede': 'varchar', 'curso_actual': 'varchar', 'horario_actual': 'varchar',
            'predict_alumnos': 'integer', 'media': 'double',
        },
        'optional': {
            'q025': 'double', 'q10': 'double', 'q90': 'double', 'q975': 'double', 'probabilidad_dictado': 'double',
            'periodo_origen': 'integer', 'estado_fuente': 'varchar', 'datos_al': 'timestamp', 'as_of': 'timestamp',
            'experimento': 'varchar', 'programa': 'varchar', 'tipo_demanda': 'varchar',
        },
    }) }}
{%- endmacro %}

{# What the history of publications holds: {files: [{file, columns}], refused: [{file, reason}]} (flows/dbt/publications.py). #}
{% macro publications() -%}
    {%- if not execute -%}{{ return({'files': [], 'refused': []}) }}{%- endif -%}
    {%- set found = run_query("select aforo_publications(" ~ quoted(tojson(published_columns())) ~ ")") -%}
    {{ return(fromjson(found.rows[0][0])) }}
{%- endmacro %}

{# Every published forecast as a relation, with the run that made it; without rows where nothing has been published. #}
{% macro published_forecasts() -%}
    {%- set columns = published_columns() -%}
    {%- set files = publications().files -%}
    {%- set there = files | map(attribute='columns') | sum(start=[]) -%}
(
        select
            {%- for column, type in (columns.required | items | list) + (columns.optional | items | list) %}
            {%- set known = files and (column in there) %}
            cast({{ column if known else 'null' }} as {{ type }}) as {{ column }},
            {%- endfor %}
            {{ "parse_filename(filename, true)" if files else "cast(null as varchar)" }} as run_id
        {%- if files %}
        from read_parquet([
            {%- for each in files %}
            {{ quoted(each.file) }}{{ ',' if not loop.last }}
            {%- endfor %}
        ], union_by_name = true, filename = true)
        {%- else %}
        from (select 1) as nothing
        where false
        {%- endif %}
    )
{%- endmacro %}
