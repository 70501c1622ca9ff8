{# What the institute delivers from: a folder, a DuckDB file, a Postgres URL or a remote folder (docs/contract.md). #}
{% macro source_address() -%}
    {{ return(env_var('AFORO_SOURCE', 'seeds/demo_institute').rstrip('/')) }}
{%- endmacro %}

{# How the log of captures and messages call the source. #}
{% macro source_name() -%}
    {{ return(source_address()) }}
{%- endmacro %}

{# folder, duckdb, postgres, http or s3. The command line knows the same kinds: flows/source.py. #}
{% macro source_kind() -%}
    {%- set scheme = modules.re.match('([a-z0-9]+)://', source_address() | lower) -%}
    {%- if scheme is none -%}
        {{ return('duckdb' if modules.re.search('(?i)[.](duckdb|db)$', source_address()) else 'folder') }}
    {%- endif -%}
    {%- set kinds = {'postgresql': 'postgres', 'postgres': 'postgres', 'http': 'http', 'https': 'http', 's3': 's3'} -%}
    {%- if scheme.group(1) not in kinds -%}
        {{ stop("A source " ~ scheme.group(0) ~ "… can't be read. Name a folder, a DuckDB file, postgresql://… or https://….") }}
    {%- endif -%}
    {{ return(kinds[scheme.group(1)]) }}
{%- endmacro %}

{# Stops with a message for the user; what follows the tag is shown as it is. #}
{% macro stop(message) -%}
    {{ exceptions.raise_compiler_error('[aforo] ' ~ message) }}
{%- endmacro %}

{% macro quoted(text) -%}
    {{ return("'" ~ text | replace("'", "''") ~ "'") }}
{%- endmacro %}

{# A path for a function of DuckDB that reads files: these take brackets, * and ? for a pattern, but not in an address of the web. #}
{% macro as_path(path) -%}
    {%- if modules.re.match('(?i)https?://', path) -%}{{ return(quoted(path)) }}{%- endif -%}
    {{ return(quoted(modules.re.sub('([*?\\[])', '[\\1]', path))) }}
{%- endmacro %}

{# The file, or none where it is not there. #}
{% macro file_at(path) -%}
    {%- set found = run_query("select file from glob(" ~ as_path(path) ~ ")").rows -%}
    {{ return(found[0][0] if found else none) }}
{%- endmacro %}

{# A name as SQL writes it. #}
{% macro identifier(name) -%}
    {{ return('"' ~ name | replace('"', '""') ~ '"') }}
{%- endmacro %}

{# Loads one of DuckDB's own extensions from its wheel; once loaded, this costs nothing. #}
{% macro load_extension(name) -%}
    {%- set file = run_query("select getvariable('extension_" ~ name ~ "')").rows[0][0] -%}
    {%- if file is none -%}
        {%- set package = 'duckdb-extension-' ~ name | replace('_', '-') -%}
        {{ stop("DuckDB's extension " ~ name ~ " is not installed. Install it in this environment: pip install "
            ~ package ~ "==" ~ run_query("select ltrim(version(), 'v')").rows[0][0]) }}
    {%- endif -%}
    {%- do run_query("load " ~ quoted(file)) -%}
{%- endmacro %}


{# Takes a contract table from the source into the temporary table `entrega`, once: everything after it looks at the same
   rows, whatever happens to the source meanwhile. Each row has its `archivo` and, as a person counts from 1 below the
   header, its `fila`. Returns {files (as messages name them), sql}, or none for an optional table that is not there. #}
{% macro source_reader(tabla, requerida) -%}
    {%- set file = mapping_file(tabla) -%}
    {%- set mapping = read_mapping(tabla, file) if file else {'options': {}} -%}
    {%- if source_kind() in ('duckdb', 'postgres') -%}
        {%- set plan = database_plan(tabla, mapping) -%}
    {%- else -%}
        {%- set plan = files_plan(tabla, mapping) -%}
    {%- endif -%}
    {%- if plan is none and not requerida -%}
        {{ stop_if_it_was_there(tabla) }}
        {{ return(none) }}
    {%- endif -%}
    {%- if plan is none -%}
        {{ stop_without(tabla) }}
    {%- endif -%}
    {%- do log_readings(tabla, plan.readings, file) -%}
    {%- if file or source_kind() == 'duckdb' -%}
        {%- set box = boxed(plan, mapping) -%}
        {%- do run_query("create or replace temp table entrega as " ~ box.sql) -%}
        {%- do run_query("select aforo_discard(" ~ quoted(box.name) ~ ")") -%}
    {%- else -%}
        {%- do run_query("create or replace temp table entrega as select * from " ~ plan.sql) -%}
    {%- endif -%}
    {%- do log_decimal_commas(tabla, plan.readings) -%}
    {%- set files = [file] if file else plan.readings | map(attribute='archivo') | list -%}
    {%- if files | length > 3 -%}
        {%- set files = files[:3] + [(files | length - 3) ~ ' more'] -%}
    {%- endif -%}
    {%- set declared = mapping.options.get('not_personal', '') | lower -%}
    {{ return({'files': files, 'sql': 'temp.entrega', 'no_personales': declared.split(',') | map('trim') | list}) }}
{%- endmacro %}


{% macro stop_without(tabla) -%}
    {%- if source_kind() in ('duckdb', 'postgres') -%}
        {{ stop("Table " ~ tabla ~ " is required and was not found in " ~ source_name() ~ ". Deliver a table or view " ~ tabla
            ~ ", or say in a mapping which one it is (docs/contract.md).") }}
    {%- endif -%}
    {%- if source_kind() == 'folder' and run_query("select 1 from glob(" ~ as_path(source_address()) ~ " || '/*') limit 1").rows | length == 0 -%}
        {{ stop("The source folder " ~ source_address() ~ " does not exist or is empty. Put the contract's tables there "
            ~ "(docs/contract.md), or name the right folder with --source or AFORO_SOURCE.") }}
    {%- endif -%}
    {{ stop("Table " ~ tabla ~ " is required and was not found. Deliver " ~ source_address() ~ "/" ~ tabla ~ ".parquet, .csv or .xlsx"
        ~ " (one file, or a folder " ~ tabla ~ "/ of them), or a mapping that says which files hold it (aforo init-source drafts one).") }}
{%- endmacro %}


{# An optional table that was captured before is not absent but lost: taken as absent, all its rows would
   be captured as deleted. #}
{% macro stop_if_it_was_there(tabla) -%}
    {%- set newest = none if tabla in of_this_run('aceptadas') else newest_capture(tabla) -%}
    {%- if newest -%}
        {%- set by = 'which' if newest.origen == source_name() else newest.origen ~ ' has' -%}
        {{ stop("Table " ~ tabla ~ " is missing in " ~ source_address() ~ ", " ~ by ~ " delivered it before (" ~ newest.filas
            ~ " rows, captured " ~ newest.momento ~ " UTC). Deliver it again; if it is gone for good, accept it once: aforo run --accept " ~ tabla) }}
    {%- endif -%}
{%- endmacro %}
