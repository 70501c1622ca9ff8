{# A contract table as the source has it right now, typed, with the problems of each row beside it.
   `problemas` is empty for a sound row; the audit tests stop the table where it is not. #}
{% macro landing(tabla) -%}
    {%- set relation = source('instituto', tabla) -%}
    {%- if execute -%}
    {%- set contract = contract_of(tabla) -%}
    {%- set reader = source_reader(tabla, contract.requerida) -%}
    {%- set columns = columns_delivered(tabla, reader, contract) if reader else [] -%}
    {%- set delivered = delivered_columns(tabla, reader, columns, contract) -%}
    {%- do stop_on_personal_values(tabla, reader, columns, contract) -%}
with
delivered as (
    select
        {%- for c in contract.columns %}
        {%- if c.name in delivered %}
        {{ sin_vacios(as_text(delivered[c.name], columns)) }} as {{ c.name }},
        {%- else %}
        cast(null as varchar) as {{ c.name }},
        {%- endif %}
        {%- endfor %}
        {%- if reader %}
        archivo,
        fila
    from {{ reader.sql }}
        {%- else %}
        cast(null as varchar) as archivo,
        cast(null as bigint) as fila
    where false
        {%- endif %}
),

keyed as (
    select
        {%- if tabla == 'programacion' and 'seccion_id' not in delivered %}
        * replace (
            'G' || left(md5(concat_ws('|', periodo, sede, curso, horario, cast(row_number() over (
                partition by periodo, sede, curso, horario
                order by estado, vacantes, matriculados, archivo, fila
            ) as varchar))), 16) as seccion_id
        )
        {%- else %}
        *
        {%- endif %}
    from delivered
),

typed as (
    select
        {%- for c in contract.columns %}
        {{ typed_column(c) }} as {{ c.name }},
        {{ c.name }} as {{ c.name }}_texto,
        {%- endfor %}
        count(*) over (partition by {{ contract.clave | join(', ') }}) as repeticiones,
        archivo,
        fila
    from keyed
)

select
    {%- for c in contract.columns %}
    {{ c.name }},
    {%- endfor %}
    archivo,
    fila,
    list_filter([
        {%- for c in contract.columns %}
        {%- for check in column_checks(c, contract) %}
        case when {{ check.condition }}
            then {'columna': '{{ c.name }}', 'valor': {{ shown(c.name ~ '_texto', c.type) }}, 'problema': {{ quoted(check.problem) }}, 'remedio': {{ quoted(check.remedy) }}} end,
        {%- endfor %}
        {%- endfor %}
        case when repeticiones > 1
            then {
                'columna': '{{ contract.clave | join(', ') }}',
                'valor': concat_ws(', '
                    {%- for c in contract.columns if c.name in contract.clave %}, {{ shown(c.name ~ '_texto', c.type) }}{% endfor %}),
                'problema': 'the key is there ' || cast(repeticiones as varchar) || ' times',
                'remedio': 'keep one row for each key'
            } end
    ], lambda x: x is not null) as problemas
from typed
    {%- else -%}
select 1
    {%- endif -%}
{%- endmacro %}


{# A delivered column as text. What is a number there is none that a person wrote: 12.000 is twelve. #}
{% macro as_text(name, columns) -%}
    {%- set types = columns | selectattr('name', 'equalto', name) | map(attribute='type') | list -%}
    {%- set value = identifier(name) -%}
    {{ return("cast(" ~ ("cast(" ~ value ~ " as double)" if types[0].startswith('DECIMAL') else value) ~ " as varchar)") }}
{%- endmacro %}


{# The tables of the contract, for what must name them while dbt parses: the sources' yml can't be asked then (`graph` is empty).
   A test holds the two equal (tests/unit/test_project.py). #}
{% macro contract_tables() -%}
    {{ return([
        'programacion', 'cursos', 'equivalencia_cursos', 'horarios', 'sedes', 'minimos_apertura', 'vacantes_estandar',
        'calendario',
    ]) }}
{%- endmacro %}


{# The contract of a table, from the sources' yml. #}
{% macro contract_of(tabla) -%}
    {%- set node = graph.sources.values() | selectattr('source_name', 'equalto', 'instituto') | selectattr('name', 'equalto', tabla) | first -%}
    {%- set columns = [] -%}
    {%- for c in node.columns.values() -%}
        {%- do columns.append({'name': c.name, 'type': c.data_type, 'meta': c.config.meta}) -%}
    {%- endfor -%}
    {{ return({'columns': columns, 'clave': node.config.meta.clave, 'requerida': node.config.meta.get('requerida', false)}) }}
{%- endmacro %}


{# Contract column -> the source's own spelling of it. Stops on a missing column. #}
{% macro delivered_columns(tabla, reader, columns, contract) -%}
    {%- if not reader -%}{{ return({}) }}{%- endif -%}
    {%- set found = {} -%}
    {%- set known = contract.columns | map(attribute='name') | list -%}
    {%- for c in columns -%}
        {%- set name = c.name | trim | lower -%}
        {%- if name in found and name in known -%}
            {{ stop("Table " ~ tabla ~ ", column " ~ name ~ ": it is there twice in " ~ reader.files | join(', ') ~ ", as " ~ found[name]
                ~ " and as " ~ c.name ~ ". Leave the one that counts, in the export or in a mapping's select") }}
        {%- endif -%}
        {%- do found.update({name: c.name}) -%}
    {%- endfor -%}
    {%- set missing = [] -%}
    {%- for c in contract.columns if c.meta.get('requerida') and c.name not in found -%}
        {%- do missing.append(c.name) -%}
    {%- endfor -%}
    {%- if missing -%}
        {{ stop("Table " ~ tabla ~ ": column " ~ missing | join(', ') ~ " is required and missing in " ~ reader.files | join(', ')
            ~ ". It has: " ~ columns | map(attribute='shown') | join(', ') ~ ". Add the column, or rename the one that holds it"
            ~ " (a text file needs a header line and as many fields in every row).") }}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}


{# The text without spaces around it; null where it is one of the ways in which systems write nothing. #}
{% macro sin_vacios(text) -%}
    {{ return("case when lower(trim(" ~ text ~ ")) not in ('', '-', 'null', '(null)', 'n/a', '#n/a') then trim(" ~ text ~ ") end") }}
{%- endmacro %}

{# 1,000 and 1.000 are one or a thousand: no one can tell. #}
{% macro con_miles(text) -%}
    {{ return("coalesce(regexp_full_match(" ~ text ~ ", '[-+]?[0-9]{1,3}([.,][0-9]{3})+'), false)") }}
{%- endmacro %}

{# Text to the contract's type; null where it does not fit. 12.0 is a whole number, 12.5 is not; 7,5 is 7.5 (a comma alone, and once,
   is a decimal sign); days come as ISO, as dd/mm/yyyy and as Excel counts them. #}
{% macro typed_column(c) -%}
    {%- set numero = "try_cast(case when regexp_full_match(" ~ c.name ~ ", '[-+]?[0-9]+,[0-9]+') then replace(" ~ c.name ~ ", ',', '.') else " ~ c.name ~ " end as double)" -%}
    {%- if c.type == 'integer' -%}
case when {{ numero }} = floor({{ numero }}) and not {{ con_miles(c.name) }}
            then try_cast({{ numero }} as integer) end
    {%- elif c.type == 'double' -%}
{{ numero }}
    {%- elif c.type == 'boolean' -%}
coalesce(
            try_cast({{ c.name }} as boolean),
            case
                when strip_accents(lower({{ c.name }})) in ('si', 's', 'verdadero', '1.0') then true
                when lower({{ c.name }}) in ('no', 'n', 'falso', '0.0') then false
            end
        )
    {%- elif c.type in ('date', 'timestamp') -%}
cast(coalesce(
            try_cast({{ c.name }} as timestamp),
            try_strptime({{ c.name }}, ['%d/%m/%Y', '%d/%m/%Y %H:%M', '%d/%m/%Y %H:%M:%S', '%d-%m-%Y', '%d-%m-%Y %H:%M:%S']),
            {# Days since 1899-12-30; these are 1954 to 2119. #}
            case when {{ numero }} between 20000 and 80000
                then timestamp '1899-12-30' + to_seconds(round({{ numero }} * 86400)) end
        ) as {{ c.type }})
    {%- elif c.meta.get('valores') -%}
case when {{ c.name }} in ('{{ c.meta.valores | join("', '") }}') then {{ c.name }} end
    {%- else -%}
{{ c.name }}
    {%- endif -%}
{%- endmacro %}


{# A type of the contract, as a person calls it. #}
{% macro type_in_words(type) -%}
    {{ return({
        'integer': 'a whole number', 'double': 'a number', 'boolean': 'yes or no', 'date': 'a date', 'timestamp': 'a date and time',
    }[type]) }}
{%- endmacro %}


{# What can be wrong with a value of a column: condition, problem, remedy. #}
{% macro column_checks(c, contract) -%}
    {%- set checks = [] -%}
    {%- set miles = con_miles(c.name ~ '_texto') if c.type == 'integer' else 'false' -%}
    {%- if c.type == 'integer' -%}
        {%- do checks.append({'condition': miles, 'problem': 'may be a thousand or a decimal',
            'remedy': 'write whole numbers without a separator: 1000, not 1.000 or 1,000'}) -%}
    {%- endif -%}
    {%- if c.type != 'varchar' -%}
        {%- do checks.append({'condition': c.name ~ '_texto is not null and ' ~ c.name ~ ' is null and not ' ~ miles,
            'problem': 'is not ' ~ type_in_words(c.type), 'remedy': 'correct the value, or leave it empty where the contract allows it'}) -%}
    {%- endif -%}
    {%- if c.meta.get('requerida') or c.name in contract.clave -%}
        {%- do checks.append({'condition': c.name ~ '_texto is null',
            'problem': 'is empty', 'remedy': 'fill it in: the column is required'}) -%}
    {%- endif -%}
    {%- if c.meta.get('minimo') is not none -%}
        {%- do checks.append({'condition': c.name ~ ' < ' ~ c.meta.minimo,
            'problem': 'is below ' ~ c.meta.minimo, 'remedy': 'correct the value'}) -%}
    {%- endif -%}
    {%- if c.meta.get('valores') -%}
        {%- do checks.append({'condition': c.name ~ '_texto is not null and ' ~ c.name ~ ' is null',
            'problem': 'is not one of ' ~ c.meta.valores | join(', '), 'remedy': 'translate the source\'s own word into the contract\'s'}) -%}
    {%- endif -%}
    {{ return(checks) }}
{%- endmacro %}
