{# Each takes several columns, so that a table costs few test nodes: a node takes about 0.1 s of every run. #}

{# The columns together are a key: none is null, no combination appears twice. #}
{% test clave_unica(model, columnas) %}
select
    {{ columnas | join(', ') }},
    count(*) as filas
from {{ model }}
group by {{ columnas | join(', ') }}
having count(*) > 1 or {{ columnas | join(' is null or ') }} is null
{% endtest %}

{# Each of the columns is a finite number from minimo to maximo; null passes. #}
{% test entre(model, columnas, minimo=none, maximo=none) %}
select *
from {{ model }}
where
    {%- for columna in columnas %}
    {{ 'or ' if not loop.first }}not isfinite(cast({{ columna }} as double))
    {%- if minimo is not none %}
    or {{ columna }} < {{ minimo }}
    {%- endif %}
    {%- if maximo is not none %}
    or {{ columna }} > {{ maximo }}
    {%- endif %}
    {%- endfor %}
{% endtest %}

{# The columns rise, or stay, from left to right: quantiles, dates. Null passes. #}
{% test crecientes(model, columnas) %}
select *
from {{ model }}
where
    {%- for columna in columnas[1:] %}
    {{ 'or ' if not loop.first }}{{ columnas[loop.index0] }} > {{ columna }}
    {%- endfor %}
{% endtest %}
