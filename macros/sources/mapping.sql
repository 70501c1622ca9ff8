{# A mapping: one SQL file a contract table, which turns what an institute has into the contract (docs/contract.md).
   It is one select from `entrega`; comment lines on top say what that is: files, sheet, header_row, table; and which columns are not persons': not_personal. Its SQL runs in a box
   (flows/dbt/box.py), and one that lies in the source itself is not run unasked. #}
{% macro mapping_file(tabla) -%}
    {%- set folder = env_var('AFORO_MAPPING', '').rstrip('/') -%}
    {%- if folder -%}
        {{ return(file_at(folder ~ '/' ~ tabla ~ '.sql')) }}
    {%- endif -%}
    {%- if source_kind() == 'folder' and file_at(source_address() ~ '/mapping/' ~ tabla ~ '.sql') -%}
        {{ stop("Table " ~ tabla ~ ": the source brings a mapping of its own, " ~ source_address() ~ "/mapping/" ~ tabla
            ~ ".sql, and SQL that comes with a source is not run unasked. Read it and name its folder: --mapping "
            ~ source_address() ~ "/mapping; or take it out of the source") }}
    {%- endif -%}
{%- endmacro %}


{# {file, query, options} of a mapping file. Stops where it is not one select. #}
{% macro read_mapping(tabla, file) -%}
    {%- set text = run_query("select content from read_text(" ~ as_path(file) ~ ")").rows[0][0] -%}
    {%- set fault = run_query("select aforo_no_select(" ~ quoted(text) ~ ")").rows[0][0] -%}
    {%- if fault -%}
        {{ stop("Mapping file " ~ file ~ " of table " ~ tabla ~ " is not one select: " ~ fault
            ~ ". Write a single query, such as: select \"Periodo\" as periodo, … from entrega") }}
    {%- endif -%}
    {%- set options = {} -%}
    {%- for line in text.splitlines() if line.startswith('--') -%}
        {%- set key, _, value = line[2:].partition(':') -%}
        {%- if key.strip() in ('files', 'sheet', 'header_row', 'table', 'not_personal') -%}
            {%- do options.update({key.strip(): value.strip()}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not modules.re.match('[1-9][0-9]*$', options.get('header_row', '1')) -%}
        {{ stop("Mapping file " ~ file ~ ": header_row is not a row number. Write a number, such as: -- header_row: 2") }}
    {%- endif -%}
    {%- if modules.re.search('(^|[/,]) *[.][.]( *$|[/,])', options.get('files', '')) -%}
        {{ stop("Mapping file " ~ file ~ ": files names a folder outside of the source. Name files below it, such as: -- files: *.xlsx") }}
    {%- endif -%}
    {{ return({'file': file, 'query': text, 'options': options}) }}
{%- endmacro %}


{# What foreign SQL gives, as a relation: the mapping's query, or a table of a DuckDB source, run in a box that is then attached.
   The mapping's file and a row number stand in for an `archivo` and `fila` that it does not pass on. #}
{% macro boxed(plan, mapping) -%}
    {%- set request = {
        'delivered': plan.sql,
        'query': mapping.get('query'),
        'source': source_address() if source_kind() == 'duckdb' else none,
        'database': source_kind() == 'postgres',
    } -%}
    {%- set box = run_query("select aforo_box(" ~ quoted(tojson(request)) ~ ")").rows[0][0] -%}
    {%- set answer = identifier(box) ~ ".main.salida" -%}
    {%- set columns = run_query("describe " ~ answer).columns[0].values() | map('lower') | list -%}
    {{ return({
        'name': box,
        'sql': "select *"
            ~ ("" if 'archivo' in columns else ", " ~ quoted(mapping.file) ~ " as archivo")
            ~ ("" if 'fila' in columns else ", row_number() over () as fila")
            ~ " from " ~ answer,
    }) }}
{%- endmacro %}


{# The plan of a table that is not delivered under its name: none without a mapping; with one, its query must do without
   `entrega`, as one does that reads from `instituto` by itself. #}
{% macro plan_without_entrega(tabla, mapping, example) -%}
    {%- if 'query' not in mapping -%}{{ return(none) }}{%- endif -%}
    {%- if modules.re.search('(?i)\\bentrega\\b', mapping.query) -%}
        {{ stop("Mapping file " ~ mapping.file ~ " does not say what `entrega` is, and the source has no " ~ tabla
            ~ ". Add a first line such as: " ~ example) }}
    {%- endif -%}
    {{ return({'sql': none, 'readings': []}) }}
{%- endmacro %}
