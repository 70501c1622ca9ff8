{# The folder that the institute delivers to. #}
{% macro source_folder() -%}
    {{ return(env_var('AFORO_SOURCE', 'seeds/demo_institute').rstrip('/')) }}
{%- endmacro %}

{# How the log of captures and messages call the source. #}
{% macro source_name() -%}
    {{ return(source_folder()) }}
{%- endmacro %}

{# Stops with a message for the user; what follows the tag is shown as it is. #}
{% macro stop(message) -%}
    {{ exceptions.raise_compiler_error('[aforo] ' ~ message) }}
{%- endmacro %}

{% macro quoted(text) -%}
    {{ return("'" ~ text | replace("'", "''") ~ "'") }}
{%- endmacro %}

{# How to read a contract table: its files and the table function over them, or none where an optional table has none.
   Text files are read as text: the landing model types them, so that it can say what did not fit. #}
{% macro source_reader(tabla, requerida) -%}
    {%- set folder = source_folder() -%}
    {%- set files = run_query(
        "select file from glob(" ~ quoted(folder ~ '/' ~ tabla ~ '.parquet') ~ ")"
        ~ " union all select file from glob(" ~ quoted(folder ~ '/' ~ tabla ~ '.csv') ~ ")"
        ~ " union all select file from glob(" ~ quoted(folder ~ '/' ~ tabla ~ '/*.parquet') ~ ")"
        ~ " union all select file from glob(" ~ quoted(folder ~ '/' ~ tabla ~ '/*.csv') ~ ")"
        ~ " order by file"
    ).columns[0].values() | list -%}
    {%- if not files and not requerida -%}
        {{ stop_if_it_was_there(tabla) }}
        {{ return(none) }}
    {%- endif -%}
    {%- if not files -%}
        {%- if run_query("select 1 from glob(" ~ quoted(folder ~ '/*') ~ ") limit 1").rows | length == 0 -%}
            {{ stop("The source folder " ~ folder ~ " does not exist or is empty. Put the contract's tables there "
                ~ "(docs/contract.md), or name the right folder with --source or AFORO_SOURCE.") }}
        {%- endif -%}
        {{ stop("Table " ~ tabla ~ " is required and was not found. Deliver " ~ folder ~ "/" ~ tabla ~ ".parquet or "
            ~ tabla ~ ".csv (one file, or a folder " ~ tabla ~ "/ of them).") }}
    {%- endif -%}
    {%- set endings = files | map('lower') | map('replace', '.parquet', '\0') | map('last') | unique | list -%}
    {%- if endings | length > 1 -%}
        {{ stop("Table " ~ tabla ~ " is delivered both as Parquet and as CSV (" ~ files | join(', ')
            ~ "). Leave one of the two, so that it is clear which one counts.") }}
    {%- endif -%}
    {%- set list = "[" ~ files | map('replace', "'", "''") | map('tojson') | join(', ') | replace('"', "'") ~ "]" -%}
    {%- if endings[0] == '\0' -%}
        {{ return({'files': files, 'sql': "read_parquet(" ~ list ~ ", filename = true, union_by_name = true)"}) }}
    {%- endif -%}
    {{ return({'files': files,
        'sql': "read_csv(" ~ list ~ ", header = true, all_varchar = true, filename = true, union_by_name = true)"}) }}
{%- endmacro %}


{# An optional table that this source has delivered before is not absent but lost: taken as absent, all its rows would
   be captured as deleted. #}
{% macro stop_if_it_was_there(tabla) -%}
    {%- set captures = adapter.get_relation(database=target.database, schema='landing', identifier='capturas') -%}
    {%- if captures is none -%}{{ return('') }}{%- endif -%}
    {%- set newest = run_query(
        "select filas, strftime(capturada_en, '%Y-%m-%d %H:%M') from " ~ captures
        ~ " where tabla = " ~ quoted(tabla) ~ " and origen = " ~ quoted(source_name())
        ~ " order by capturada_en desc limit 1"
    ).rows -%}
    {%- if newest and newest[0][0] > 0 -%}
        {{ stop("Table " ~ tabla ~ " is missing in " ~ source_folder() ~ ", which delivered it before (" ~ newest[0][0]
            ~ " rows, captured " ~ newest[0][1] ~ " UTC). Deliver it again; if it is gone for good, start anew with another --home.") }}
    {%- endif -%}
{%- endmacro %}
