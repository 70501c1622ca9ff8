{# Schemas are named as configured, without the target's prefix; a versioned layer carries its version, predictions their
   experiment. Python asks flows/project.py, schema_of, for the same. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set layer = custom_schema_name or target.schema -%}
    {%- set version = var('experiment_name') if layer == 'predictions' else var(layer ~ '_version', none) -%}
    {{ layer ~ '_' ~ version if version else layer }}
{%- endmacro %}

{# landing__cursos, snapshot__cursos and raw__cursos are each `cursos` in their own schema. #}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- set name = node.name if node.resource_type == 'test' else node.name.split('__')[-1] -%}
    {{ custom_alias_name or name }}
{%- endmacro %}
