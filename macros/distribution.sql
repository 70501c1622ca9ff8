{# The grid of a distribution: so many quantiles, evenly spaced in chance: levels 1/40, 2/40, … 39/40. #}
{% macro puntos_de_cuantil() -%}39{%- endmacro %}

{% macro niveles() -%}
[{% for i in range(1, 40) %}{{ i / 40 }}{{ ', ' if not loop.last }}{% endfor %}]
{%- endmacro %}

{# The size class of a forecast for its distribution: finer than tramo where there is much to learn from. #}
{% macro tamano(media) -%}cast(floor(4 * ln(1 + {{ media }})) as integer){%- endmacro %}

{# Half width of a distribution without residuals: 1.3 times a Poisson's, as the scale of a logistic. #}
{% macro ancho_previo() -%}0.717{%- endmacro %}

{# P(demand >= n) of a row of distribuciones, or of marts.distribucion. The grid is read as that of a number that rounds to the demand: n
   students or more is n - 1/2 or more. Between two points a straight line, below the first positive one from the chance of nobody, and
   beyond the last the exponential that the last twentieth falls off by (by 10 students where even that is nobody). #}
{% macro prob_al_menos(n, alias) -%}
{%- set q = alias ~ '.cuantiles' -%}
{%- set nobody = alias ~ '.prob_sin_dictar' -%}
{%- set before = 'greatest(coalesce(' ~ q ~ '[i - 1], 0), 0.5)' -%}
case
        when ({{ n }}) <= 0 then 1
        when ({{ n }}) <= 1 then 1 - {{ nobody }}
        when {{ q }}[39] = 0 then (1 - {{ nobody }}) * exp((1 - ({{ n }})) / 10)
        when ({{ n }}) - 0.5 > {{ q }}[39]
            then
                (1 - greatest(39 / 40, {{ nobody }})) * exp(
                    -(({{ n }}) - 0.5 - {{ q }}[39])
                    * ln((1 - greatest(37 / 40, {{ nobody }})) / (1 - greatest(39 / 40, {{ nobody }})))
                    / greatest({{ q }}[39] - greatest({{ q }}[37], 0.5), 0.5)
                )
        else
            1 - {{ nobody }} - list_sum([
                greatest(i / 40 - greatest((i - 1) / 40, {{ nobody }}), 0)
                * least(greatest((({{ n }}) - 0.5 - {{ before }}) / greatest({{ q }}[i] - {{ before }}, 0.000001), 0), 1)
                for i in range(1, 40)
            ])
    end
{%- endmacro %}

{# The continuous ranked probability score of a grid beside y, in students: twice the mean of the quantile losses. Nothing above `tope`, where
   that is known, is judged. #}
{% macro crps(quantiles) -%}
round(
            2 * list_avg([
                greatest(
                    i / 40 * (y - least({{ quantiles }}[i], coalesce(tope, {{ quantiles }}[i]))),
                    (i / 40 - 1) * (y - least({{ quantiles }}[i], coalesce(tope, {{ quantiles }}[i])))
                ) for i in range(1, {{ puntos_de_cuantil() }} + 1)
            ]),
            9
        )
{%- endmacro %}

{# prob_al_menos for who reads the marts: `from marts.prob_al_menos(8)`. Publishing copies it; DuckDB 1.1 and newer read it. #}
{% macro create_prob_al_menos() -%}
create or replace macro {{ this.schema }}.prob_al_menos(n) as table
select
    d.periodo,
    d.horizonte,
    d.sede,
    d.curso_actual,
    d.horario_actual,
    {{ prob_al_menos('n', 'd') }} as probabilidad
from {{ this.schema }}.{{ this.identifier }} as d
{%- endmacro %}
