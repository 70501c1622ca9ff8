{# A cell of which little is expected has, where it is held, so many times its course's minimum or more (docs/accuracy.md). #}
{% macro minimos_si_se_dicta() -%}1.4{%- endmacro %}

{# A cell's point by one choice of `cortes`: the rule; or a part of the mean and the rest of what misses the fewest students, and 0 where
   that is too little for a class that is held. #}
{% macro point_of(views, choice) -%}
{%- set expected = views ~ '.menor_error + ' ~ choice ~ '.parte_media * (' ~ views ~ '.media - ' ~ views ~ '.menor_error)' -%}
case
        when {{ choice }}.es_regla then round({{ views }}.regla)
        when {{ expected }} < {{ choice }}.corte * {{ views }}.alumnos_si_se_dicta then 0
        else round({{ expected }})
    end
{%- endmacro %}
